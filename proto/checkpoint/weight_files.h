#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace quire {

// A folder's files of weights.
struct WeightFiles {
  std::vector<std::string> paths;               // in order of names
  std::map<std::string, std::string> shard_of;  // tensor -> file name, where an index says so
  std::string index_path;                       // empty without an index
};

// What model.safetensors.index.json names, or the folder's only *.safetensors. InvalidArgument
// names a shard that is missing, or says that the folder holds no or several files and no index;
// DataLoss says what is wrong with the index.
absl::StatusOr<WeightFiles> FindWeightFiles(const std::string& folder);

}  // namespace quire
