#include "client/models/model_facts.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "proto/checkpoint/check_tensors.h"
#include "proto/checkpoint/device_fit.h"
#include "proto/checkpoint/json_fields.h"

namespace quire::client {
namespace {

namespace fs = std::filesystem;

int64_t WeightBytes(const std::string& folder) {
  int64_t bytes = 0;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(folder, error)) {
    if (file.path().extension() != ".safetensors") continue;
    const auto size = fs::file_size(file.path(), error);
    if (!error) bytes += static_cast<int64_t>(size);
  }
  return bytes;
}

void ReadConfig(ModelFacts& facts) {
  const std::string path = facts.folder + "/config.json";
  const absl::StatusOr<std::string> text = ReadSmallFile(path, kMostConfigBytes);
  const absl::StatusOr<Architecture> architecture =
      text.ok() ? ParseArchitecture(*text, path) : text.status();
  if (!architecture.ok()) {
    facts.config_fault = std::string(architecture.status().message());
    return;
  }
  facts.architecture = *architecture;
  facts.parameters = CountParameters(*architecture);
}

void AddFits(ModelFacts& facts, const std::vector<DeviceMemory>& devices) {
  if (facts.parameters <= 0) return;
  // Official sizes stand for a model that is neither here nor in the registry: the two families
  // have one decoder.
  const Architecture architecture = facts.architecture.value_or(Architecture());
  const ModelSize size = facts.entry && facts.entry->parameters > 0
                             ? SizeOf(*facts.entry)
                             : SizeOf(architecture, facts.parameters);
  for (const DeviceMemory& device : devices) {
    DeviceFit fit{.device = device, .dtype = device.kind == "cpu" ? "f32" : "bf16"};
    if (facts.entry && facts.entry->dtype.contains(device.kind)) {
      fit.dtype = facts.entry->dtype.at(device.kind);
    }
    fit.needed_bytes = NeededBytes(size, fit.dtype, device.kind);
    facts.fits.push_back(std::move(fit));
  }
}

ModelFacts FactsOf(std::string name, const absl::StatusOr<FoundModel>& found,
                   const std::vector<DeviceMemory>& devices) {
  ModelFacts facts{.name = std::move(name)};
  facts.entry = FindRegistryEntry(facts.name);
  if (facts.entry) facts.parameters = static_cast<double>(facts.entry->parameters);
  if (found.ok()) {
    facts.folder = found->folder;
    facts.place = found->place;
    if (!facts.entry) facts.entry = found->entry;
    facts.bytes_on_disk = WeightBytes(facts.folder);
    ReadConfig(facts);
  }
  AddFits(facts, devices);
  return facts;
}

// Names of models without a key: folders of --models-dir, and of Quire's cache.
std::set<std::string> OtherModels(const ModelPlaces& places) {
  std::set<std::string> names;
  std::error_code error;
  for (const auto& folder : fs::directory_iterator(places.models_dir, error)) {
    if (fs::exists(folder.path() / "config.json", error)) names.insert(folder.path().filename());
  }
  for (const auto& folder : fs::directory_iterator(places.caches.quire, error)) {
    const std::string name = folder.path().filename();
    if (!absl::StartsWith(name, "models--")) continue;
    names.insert(absl::StrReplaceAll(name.substr(8), {{"--", "/"}}));
  }
  for (const RegistryEntry& entry : ReadRegistry()) {
    names.erase(entry.key);
    names.erase(entry.repository);
  }
  return names;
}

}  // namespace

absl::StatusOr<ModelFacts> GatherFacts(const std::string& model, const ModelPlaces& places,
                                       const std::vector<DeviceMemory>& devices) {
  const absl::StatusOr<FoundModel> found = FindModel(model, places);
  if (!found.ok() && !FindRegistryEntry(model)) return found.status();
  return FactsOf(model, found, devices);
}

std::vector<ModelFacts> ListModels(const ModelPlaces& places,
                                   const std::vector<DeviceMemory>& devices) {
  std::vector<ModelFacts> models;
  for (const RegistryEntry& entry : ReadRegistry()) {
    models.push_back(FactsOf(entry.key, FindModel(entry.key, places), devices));
  }
  for (const std::string& name : OtherModels(places)) {
    models.push_back(FactsOf(name, FindModel(name, places), devices));
  }
  return models;
}

}  // namespace quire::client
