#include "proto/checkpoint/json_fields.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace quire {
namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 64;
constexpr size_t kMaxList = 4096;

// Whether brackets nest deeper than allowed; asked before parsing, which would follow them.
bool TooDeep(std::string_view json) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
      continue;
    }
    in_string = c == '"';
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (depth > kMaxDepth) return true;
  }
  return false;
}

absl::Status Unreadable(const std::string& path) {
  return absl::InvalidArgumentError(absl::StrCat(path, " cannot be read: ", std::strerror(errno)));
}

}  // namespace

absl::StatusOr<std::string> ReadSmallFile(const std::string& path, size_t most_bytes) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Unreadable(path);
  std::string text;
  absl::Status outcome;
  struct stat facts {};
  if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    outcome = absl::InvalidArgumentError(absl::StrCat(path, " is no file"));
  } else if (static_cast<uint64_t>(facts.st_size) > most_bytes) {
    outcome = absl::InvalidArgumentError(
        absl::StrCat(path, ": it has ", facts.st_size, " bytes; the limit is ", most_bytes));
  } else {
    text.resize(static_cast<size_t>(facts.st_size));
    size_t done = 0;
    while (done < text.size()) {
      const ssize_t got =
          pread(fd, text.data() + done, text.size() - done, static_cast<off_t>(done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) outcome = Unreadable(path);
      if (got <= 0) break;
      done += static_cast<size_t>(got);
    }
    text.resize(done);
  }
  close(fd);
  if (!outcome.ok()) return outcome;
  return text;
}

absl::StatusOr<Json> ParseJsonObject(std::string_view text, size_t most_bytes) {
  if (text.size() > most_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("it has ", text.size(), " bytes; the limit is ", most_bytes));
  }
  if (TooDeep(text)) {
    return absl::InvalidArgumentError(
        absl::StrCat("it is nested deeper than ", kMaxDepth, " levels"));
  }
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return absl::InvalidArgumentError("it is no JSON object");
  return json;
}

JsonFields JsonFields::Inner(const char* key) const {
  static const Json kEmpty = Json::object();
  if (!Has(key)) return JsonFields(kEmpty, path_ + "." + key, fault_);
  if (!object_[key].is_object()) Fault(key, "an object");
  return JsonFields(object_[key].is_object() ? object_[key] : kEmpty, Name(key), fault_);
}

void JsonFields::Whole(const char* key, int64_t& value, int64_t least, int64_t most) const {
  if (!Has(key) || object_[key].is_null()) return;
  if (!object_[key].is_number_integer() || object_[key].get<int64_t>() < least ||
      object_[key].get<int64_t>() > most) {
    return Fault(key, absl::StrCat("a whole number from ", least, " to ", most));
  }
  value = object_[key].get<int64_t>();
}

void JsonFields::Whole(const char* key, int& value, int64_t least, int64_t most) const {
  int64_t wide = value;
  Whole(key, wide, least, most);
  value = static_cast<int>(wide);
}

void JsonFields::Number(const char* key, double& value, double most) const {
  if (!Has(key) || object_[key].is_null()) return;
  if (!object_[key].is_number() || !(object_[key].get<double>() > 0) ||
      object_[key].get<double>() > most) {
    return Fault(key, absl::StrCat("a number above 0, up to ", most));
  }
  value = object_[key].get<double>();
}

void JsonFields::Truth(const char* key, bool& value) const {
  if (!Has(key) || object_[key].is_null()) return;
  if (!object_[key].is_boolean()) return Fault(key, "true or false");
  value = object_[key].get<bool>();
}

void JsonFields::Text(const char* key, std::string& value) const {
  if (!Has(key)) return;
  if (!object_[key].is_string()) return Fault(key, "a string");
  value = object_[key].get<std::string>();
}

void JsonFields::Texts(const char* key, std::vector<std::string>& values) const {
  for (const Json& item : List(key)) {
    if (!item.is_string()) return Fault(key, "a list of strings");
    values.push_back(item.get<std::string>());
  }
}

void JsonFields::Wholes(const char* key, std::vector<int64_t>& values) const {
  if (!Has(key)) return;
  values.clear();
  for (const Json& item : List(key)) {
    if (!item.is_number_unsigned() ||
        item.get<uint64_t>() > static_cast<uint64_t>(kMostConfigSize)) {
      return Fault(key, absl::StrCat("a list of whole numbers up to ", kMostConfigSize));
    }
    values.push_back(item.get<int64_t>());
  }
}

void JsonFields::Wholes(const char* key, std::vector<int>& values) const {
  std::vector<int64_t> wide(values.begin(), values.end());
  Wholes(key, wide);
  values.assign(wide.begin(), wide.end());
}

void JsonFields::TextByKey(const char* key,
                           std::map<std::string, std::string, std::less<>>& values) const {
  if (!Has(key) || !object_[key].is_object()) return;
  values.clear();
  for (const auto& [name, value] : object_[key].items()) {
    if (!value.is_string()) return Fault(key, "an object of strings");
    values[name] = value.get<std::string>();
  }
}

const Json& JsonFields::List(const char* key) const {
  static const Json kEmpty = Json::array();
  if (!Has(key)) return kEmpty;
  if (object_[key].is_array() && object_[key].size() <= kMaxList) return object_[key];
  Fault(key, absl::StrCat("a list of at most ", kMaxList, " values"));
  return kEmpty;
}

void JsonFields::Fault(const char* key, const std::string& expected) const {
  if (!fault_.ok()) return;
  std::string found = object_[key].dump(-1, ' ', true, Json::error_handler_t::replace);
  if (found.size() > 80) found = found.substr(0, 77) + "...";
  fault_ = absl::InvalidArgumentError(
      absl::StrCat("key ", Name(key), " is ", found, "; expected ", expected));
}

}  // namespace quire
