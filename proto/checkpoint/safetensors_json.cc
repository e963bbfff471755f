#include "proto/checkpoint/safetensors_json.h"

#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "absl/strings/str_cat.h"

namespace quire {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostTensors = 1 << 18;
constexpr size_t kMostDimensions = 8;
constexpr size_t kMostNameBytes = 1024;
constexpr uint64_t kMostSize = uint64_t{1} << 40;

// Takes the header's values one by one, so that nothing is kept but what a tensor consists of.
class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  std::vector<StoredTensor> TakeTensors() { return std::move(tensors_); }
  const std::string& fault() const { return fault_; }

  bool null() override { return Unexpected("null"); }
  bool boolean(bool) override { return Unexpected("true or false"); }
  bool number_integer(number_integer_t value) override { return Unexpected(absl::StrCat(value)); }
  bool number_float(number_float_t, const string_t& text) override { return Unexpected(text); }
  bool binary(binary_t&) override { return Unexpected("bytes"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (depth_ != 3) return Unexpected(absl::StrCat(value));
    if (field_ == Field::kOffsets) {
      if (offsets_ == 2) return Refuse("has more than two data_offsets");
      (offsets_ == 0 ? tensor_.begin : tensor_.end) = value;
      ++offsets_;
      return true;
    }
    if (value >= kMostSize) return Refuse(absl::StrCat("has a dimension of ", value));
    if (tensor_.shape.size() == kMostDimensions) {
      return Refuse(absl::StrCat("has more than ", kMostDimensions, " dimensions"));
    }
    tensor_.shape.push_back(static_cast<int64_t>(value));
    return true;
  }

  bool string(string_t& value) override {
    if (depth_ == 2 && in_metadata_) return true;
    if (depth_ != 2 || field_ != Field::kDtype) return Unexpected("a string");
    tensor_.dtype = std::move(value);
    return true;
  }

  bool start_object(size_t) override {
    if (depth_ >= 2) return Unexpected("an object");
    ++depth_;
    return true;
  }

  bool key(string_t& name) override {
    if (depth_ == 1) return StartTensor(name);
    if (in_metadata_) return true;
    field_ = name == "dtype"          ? Field::kDtype
             : name == "shape"        ? Field::kShape
             : name == "data_offsets" ? Field::kOffsets
                                      : Field::kNone;
    if (field_ == Field::kNone)
      return Refuse(absl::StrCat("has an unknown key ", NameForPeople(name)));
    const unsigned bit = 1U << static_cast<unsigned>(field_);
    if ((seen_ & bit) != 0) return Refuse(absl::StrCat("has ", name, " twice"));
    seen_ |= bit;
    return true;
  }

  bool end_object() override {
    if (depth_-- == 2 && !in_metadata_) return EndTensor();
    return true;
  }

  bool start_array(size_t) override {
    if (depth_ != 2 || in_metadata_ || field_ == Field::kDtype) return Unexpected("a list");
    ++depth_;
    return true;
  }
  bool end_array() override {
    --depth_;
    return true;
  }

  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    if (fault_.empty()) fault_ = absl::StrCat("its header is no JSON from byte ", position, " on");
    return false;
  }

 private:
  enum class Field { kNone, kDtype, kShape, kOffsets };

  bool StartTensor(const std::string& name) {
    in_metadata_ = name == "__metadata__";
    tensor_ = {.name = name};
    field_ = Field::kNone;
    seen_ = 0;
    offsets_ = 0;
    if (in_metadata_) return true;
    if (name.empty() || name.size() > kMostNameBytes) {
      return Refuse(
          absl::StrCat("has a name of ", name.size(), " bytes; expected 1 to ", kMostNameBytes));
    }
    if (tensors_.size() == kMostTensors) {
      fault_ = absl::StrCat("it holds more than ", kMostTensors, " tensors");
      return false;
    }
    return names_.insert(name).second || Refuse("is there twice");
  }

  bool EndTensor() {
    if (seen_ != 0b1110 || offsets_ != 2) {
      return Refuse("has no proper shape, dtype and data_offsets");
    }
    tensors_.push_back(std::move(tensor_));
    return true;
  }

  bool Unexpected(std::string_view what) {
    if (!fault_.empty()) return false;
    const std::string found = NameForPeople(what);
    if (depth_ < 2) {
      fault_ = absl::StrCat("its header has ", found, " where an object belongs");
      return false;
    }
    if (in_metadata_) {
      fault_ = absl::StrCat("its header's __metadata__ holds ", found, "; expected strings alone");
      return false;
    }
    return Refuse(absl::StrCat("has no proper shape, dtype and data_offsets: found ", found));
  }

  bool Refuse(const std::string& what) {
    if (fault_.empty()) fault_ = absl::StrCat("tensor ", NameForPeople(tensor_.name), " ", what);
    return false;
  }

  int depth_ = 0;  // 1: the header, 2: a tensor or the metadata, 3: a shape or offsets
  bool in_metadata_ = false;
  Field field_ = Field::kNone;
  unsigned seen_ = 0;  // bits of the fields that the tensor had
  int offsets_ = 0;
  StoredTensor tensor_;
  std::vector<StoredTensor> tensors_;
  std::unordered_set<std::string> names_;
  std::string fault_;
};

}  // namespace

absl::StatusOr<std::vector<StoredTensor>> ParseTensors(std::string_view json) {
  HeaderReader reader;
  if (Json::sax_parse(json, &reader)) return reader.TakeTensors();
  return absl::DataLossError(reader.fault().empty() ? "its header is no JSON object"
                                                    : reader.fault());
}

std::string NameForPeople(std::string_view name) {
  std::string shown;
  for (const char c : name.substr(0, 120)) {
    shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return name.size() > 120 ? shown + "..." : shown;
}

}  // namespace quire
