#include "proto/checkpoint/weight_files.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_cat.h"
#include "proto/checkpoint/json_fields.h"
#include "proto/status.h"

namespace quire {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostIndexBytes = 8 << 20;

absl::Status Damaged(const std::string& path, const std::string& what) {
  return absl::DataLossError(absl::StrCat(path, ": ", what));
}

absl::StatusOr<WeightFiles> FilesOfIndex(const std::string& folder, const std::string& index_path) {
  QUIRE_ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(index_path, kMostIndexBytes));
  const absl::StatusOr<nlohmann::json> index = ParseJsonObject(text, kMostIndexBytes);
  if (!index.ok()) return Damaged(index_path, std::string(index.status().message()));
  if (!index->contains("weight_map") || !(*index)["weight_map"].is_object()) {
    return Damaged(index_path, "it has no \"weight_map\"");
  }
  WeightFiles files{.index_path = index_path};
  std::set<std::string> names;
  for (const auto& [tensor, shard] : (*index)["weight_map"].items()) {
    const std::string name = shard.is_string() ? shard.get<std::string>() : "";
    if (name.empty() || name.find('/') != std::string::npos || name == "..") {
      return Damaged(index_path, absl::StrCat("tensor ", tensor, " names no file of the folder"));
    }
    names.insert(name);
    files.shard_of[tensor] = name;
  }
  if (names.empty()) return Damaged(index_path, "its \"weight_map\" is empty");
  std::error_code error;
  for (const std::string& name : names) {
    if (!fs::is_regular_file(fs::path(folder) / name, error)) {
      return absl::InvalidArgumentError(
          absl::StrCat(index_path, ": the shard ", name, " is not in the folder"));
    }
    files.paths.push_back(absl::StrCat(folder, "/", name));
  }
  return files;
}

}  // namespace

absl::StatusOr<WeightFiles> FindWeightFiles(const std::string& folder) {
  const std::string index_path = folder + "/model.safetensors.index.json";
  std::error_code error;
  if (fs::exists(index_path, error)) return FilesOfIndex(folder, index_path);
  WeightFiles files;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".safetensors") files.paths.push_back(entry.path());
  }
  if (files.paths.size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        folder, " holds ", files.paths.size(),
        " *.safetensors files and no model.safetensors.index.json; expected one of the two"));
  }
  return files;
}

}  // namespace quire
