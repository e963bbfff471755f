#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace quire {

// The bytes of a file. InvalidArgument names the path: it cannot be read, or is larger than
// `most_bytes`, which is asked before anything is read.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path, size_t most_bytes);

// `text` as JSON. InvalidArgument says that it is larger than `most_bytes`, nests deeper than 64
// levels (both asked before parsing) or is no JSON object.
absl::StatusOr<nlohmann::json> ParseJsonObject(std::string_view text, size_t most_bytes);

// Largest width, count or length in a config: sizes multiply, and four of them still fit an int64.
inline constexpr int64_t kMostConfigSize = 1 << 20;

// Values of one JSON object, each left as it is where the key is absent or null. The first fault is
// kept in `fault`: InvalidArgument with the key, what was found and what is possible.
class JsonFields {
 public:
  // `object` and `fault` outlive it; `path` stands before keys in errors.
  JsonFields(const nlohmann::json& object, std::string path, absl::Status& fault)
      : object_(object), path_(std::move(path)), fault_(fault) {}

  bool Has(const char* key) const { return object_.is_object() && object_.contains(key); }
  // The object under a key; an empty one where there is none.
  JsonFields Inner(const char* key) const;

  void Whole(const char* key, int64_t& value, int64_t least = 1,
             int64_t most = kMostConfigSize) const;
  void Whole(const char* key, int& value, int64_t least = 1, int64_t most = kMostConfigSize) const;
  // Above 0.
  void Number(const char* key, double& value, double most = 1e12) const;
  void Truth(const char* key, bool& value) const;
  void Text(const char* key, std::string& value) const;
  void Texts(const char* key, std::vector<std::string>& values) const;
  void Wholes(const char* key, std::vector<int>& values) const;
  void Wholes(const char* key, std::vector<int64_t>& values) const;
  // An object whose values are strings.
  void TextByKey(const char* key, std::map<std::string, std::string, std::less<>>& values) const;

 private:
  std::string Name(const char* key) const { return path_.empty() ? key : path_ + "." + key; }
  const nlohmann::json& List(const char* key) const;
  void Fault(const char* key, const std::string& expected) const;

  const nlohmann::json& object_;
  std::string path_;
  absl::Status& fault_;
};

}  // namespace quire
