#include "proto/checkpoint/registry.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_join.h"
#include "proto/check.h"
#include "proto/checkpoint/device_fit.h"
#include "proto/checkpoint/registry_text.h"

namespace quire {
namespace {

using Json = nlohmann::json;

// The file is ours and a test reads it, so that a wrong type in it aborts.
RegistryEntry ReadEntry(const Json& model) {
  RegistryEntry entry;
  entry.key = model.at("key").get<std::string>();
  entry.about = model.at("about").get<std::string>();
  entry.repository = model.value("repository", "");
  entry.revision = model.value("revision", "");
  entry.family = model.at("family").get<std::string>();
  entry.backend = model.at("backend").get<std::string>();
  entry.layout = model.at("layout").get<std::string>();
  entry.default_mode = model.at("default_mode").get<std::string>();
  entry.dtype = model.at("dtype").get<std::map<std::string, std::string>>();
  entry.attention = model.value("attention", "");
  entry.token_caps = model.at("token_caps").get<std::map<std::string, int>>();
  if (model.contains("ngram_ban")) {
    for (const char* kind : {"image", "pdf"}) {
      const Json& rule = model["ngram_ban"].at(kind);
      entry.ngram_ban[kind] = {.size = rule.at("size").get<int>(),
                               .window = rule.at("window").get<int>()};
    }
    entry.ngram_exempt_ids = model["ngram_ban"].at("exempt_ids").get<std::vector<int>>();
  }
  entry.tensors = model.value("tensors", int64_t{0});
  entry.parameters = model.value("parameters", int64_t{0});
  entry.coded_parameters = model.value("coded_parameters", int64_t{0});
  const ModelSize official = SizeOf(Architecture(), 0);
  entry.cache_elements =
      model.value("cache_elements", static_cast<int64_t>(official.cache_elements));
  entry.weight_bytes = model.value("weight_bytes", int64_t{0});
  return entry;
}

}  // namespace

std::vector<RegistryEntry> ReadRegistry() {
  const Json registry = Json::parse(kRegistryText);
  std::vector<RegistryEntry> entries;
  for (const Json& model : registry.at("models")) entries.push_back(ReadEntry(model));
  const size_t models = entries.size();
  for (const auto& [key, same_as] : registry.at("same").items()) {
    for (size_t i = 0; i < models; ++i) {
      if (entries[i].key != same_as.get<std::string>()) continue;
      RegistryEntry entry = entries[i];
      entry.same_as = std::exchange(entry.key, key);
      entries.push_back(std::move(entry));
    }
  }
  QUIRE_CHECK(entries.size() == models + registry.at("same").size());
  return entries;
}

std::optional<RegistryEntry> FindRegistryEntry(std::string_view key) {
  for (RegistryEntry& entry : ReadRegistry()) {
    if (entry.key == key) return std::move(entry);
  }
  return std::nullopt;
}

std::string RegistryKeys() {
  return absl::StrJoin(ReadRegistry(), ", ", [](std::string* out, const RegistryEntry& entry) {
    out->append(entry.key);
  });
}

}  // namespace quire
