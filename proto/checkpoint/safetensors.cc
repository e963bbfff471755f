#include "proto/checkpoint/safetensors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/status.h"

namespace quire {
namespace {

using Json = nlohmann::json;

// Source: safetensors/src/tensor.rs, MAX_HEADER_SIZE.
constexpr uint64_t kMostHeaderBytes = 100'000'000;
constexpr uint64_t kLengthBytes = 8;
constexpr size_t kMostTensors = 1 << 18;
constexpr size_t kMostDimensions = 8;
constexpr size_t kMostNameBytes = 1024;
constexpr uint64_t kMostSize = uint64_t{1} << 40;

uint64_t BytesPerElement(std::string_view dtype) {
  static constexpr std::array<std::pair<std::string_view, uint64_t>, 15> kBytes = {
      {{"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8}, {"I32", 4}, {"I16", 2},
       {"I8", 1}, {"U64", 8}, {"U32", 4}, {"U16", 2}, {"U8", 1}, {"BOOL", 1}, {"F8_E4M3", 1},
       {"F8_E5M2", 1}}};
  for (const auto& [name, bytes] : kBytes) {
    if (name == dtype) return bytes;
  }
  return 0;
}

// A name from a file, fit for a message.
std::string Shown(std::string_view name) {
  std::string shown;
  for (const char c : name.substr(0, 120)) {
    shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return name.size() > 120 ? shown + "..." : shown;
}

// Takes the header's values one by one, so that nothing is kept but what a tensor consists of.
class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  std::vector<StoredTensor> TakeTensors() { return std::move(tensors_); }
  const std::string& fault() const { return fault_; }

  bool null() override { return Unexpected("null"); }
  bool boolean(bool) override { return Unexpected("true or false"); }
  bool number_integer(number_integer_t value) override {
    return Unexpected(absl::StrCat(value));
  }
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
    if (field_ == Field::kNone) return Refuse(absl::StrCat("has an unknown key ", Shown(name)));
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

  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) override {
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
      return Refuse(absl::StrCat("has a name of ", name.size(), " bytes; expected 1 to ", kMostNameBytes));
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
    const std::string found = Shown(what);
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
    if (fault_.empty()) fault_ = absl::StrCat("tensor ", Shown(tensor_.name), " ", what);
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

absl::Status Damaged(const std::string& path, const std::string& what) {
  return absl::DataLossError(absl::StrCat(path, ": ", what));
}

// Whether a tensor's bytes are inside the data and as many as its shape and type need.
absl::Status CheckExtent(const StoredTensor& tensor, uint64_t data_bytes, const std::string& path) {
  const uint64_t element_bytes = BytesPerElement(tensor.dtype);
  if (element_bytes == 0) {
    return Damaged(path, absl::StrCat("tensor ", Shown(tensor.name), " has the unknown type ",
                                      Shown(tensor.dtype), "; expected BF16, F16, F32 or U32"));
  }
  uint64_t bytes = element_bytes;
  bool fits = true;
  for (const int64_t size : tensor.shape) {
    fits = fits && !__builtin_mul_overflow(bytes, static_cast<uint64_t>(size), &bytes);
  }
  if (fits && tensor.begin <= tensor.end && tensor.end <= data_bytes &&
      tensor.end - tensor.begin == bytes) {
    return absl::OkStatus();
  }
  return Damaged(path, absl::StrCat("tensor ", Shown(tensor.name), " of shape ",
                                    FormatShape(tensor.shape), " and type ", tensor.dtype,
                                    " lies at bytes ", tensor.begin, " to ", tensor.end, " of ",
                                    data_bytes, "; expected ",
                                    fits ? absl::StrCat(bytes, " bytes inside the file")
                                         : "a shape that a file can hold"));
}

}  // namespace

std::string FormatShape(const std::vector<int64_t>& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

absl::StatusOr<uint64_t> SafetensorsHeaderBytes(std::string_view head, uint64_t file_bytes,
                                                const std::string& path) {
  if (file_bytes < kLengthBytes || head.size() < kLengthBytes) {
    return Damaged(path, absl::StrCat("it has ", file_bytes,
                                      " bytes; a safetensors file has 8 or more"));
  }
  uint64_t bytes = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    bytes |= static_cast<uint64_t>(static_cast<unsigned char>(head[i])) << (8 * i);
  }
  if (bytes <= kMostHeaderBytes && bytes <= file_bytes - kLengthBytes) return bytes;
  return Damaged(path, absl::StrCat("its header claims ", bytes, " bytes and the file has ",
                                    file_bytes, "; expected at most ",
                                    std::min(kMostHeaderBytes, file_bytes - kLengthBytes)));
}

absl::StatusOr<SafetensorsHeader> ParseSafetensorsHeader(std::string_view json, uint64_t file_bytes,
                                                         const std::string& path) {
  HeaderReader reader;
  if (!Json::sax_parse(json, &reader)) {
    return Damaged(path, reader.fault().empty() ? "its header is no JSON object" : reader.fault());
  }
  SafetensorsHeader header{.path = path, .tensors = reader.TakeTensors()};
  const uint64_t body = kLengthBytes + json.size();
  const uint64_t data_bytes = file_bytes - std::min(body, file_bytes);
  for (const StoredTensor& tensor : header.tensors) {
    QUIRE_RETURN_IF_ERROR(CheckExtent(tensor, data_bytes, path));
  }
  std::sort(header.tensors.begin(), header.tensors.end(),
            [](const StoredTensor& a, const StoredTensor& b) {
              return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
            });
  uint64_t reached = 0;
  for (const StoredTensor& tensor : header.tensors) {
    if (tensor.begin != reached) {
      return Damaged(path, absl::StrCat("tensor ", Shown(tensor.name), " begins at byte ",
                                        tensor.begin, tensor.begin < reached
                                            ? ", inside another; expected "
                                            : " and leaves a gap; expected ", reached));
    }
    reached = tensor.end;
  }
  if (reached != data_bytes) {
    return Damaged(path, absl::StrCat("its tensors end at byte ", reached, " of ", data_bytes,
                                      "; the rest belongs to none"));
  }
  for (StoredTensor& tensor : header.tensors) {
    tensor.begin += body;
    tensor.end += body;
  }
  header.text = json;
  return header;
}

absl::StatusOr<SafetensorsHeader> ReadSafetensorsHeader(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat facts {};
  if (fd < 0 || fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    const int error = errno;
    if (fd >= 0) close(fd);
    return absl::InvalidArgumentError(
        absl::StrCat(path, " cannot be opened: ", fd < 0 ? std::strerror(error) : "it is no file"));
  }
  const auto read_at = [fd](uint64_t offset, std::string& bytes) {
    size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t got =
          pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      done += static_cast<size_t>(got);
    }
    bytes.resize(done);
  };
  const uint64_t file_bytes = static_cast<uint64_t>(facts.st_size);
  std::string head(kLengthBytes, '\0');
  read_at(0, head);
  absl::StatusOr<uint64_t> bytes = SafetensorsHeaderBytes(head, file_bytes, path);
  std::string json;
  if (bytes.ok()) {
    json.resize(*bytes);
    read_at(kLengthBytes, json);
  }
  close(fd);
  QUIRE_RETURN_IF_ERROR(bytes.status());
  if (json.size() != *bytes) return Damaged(path, "it cannot be read to the end of its header");
  return ParseSafetensorsHeader(json, file_bytes, path);
}

}  // namespace quire
