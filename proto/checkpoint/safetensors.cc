#include "proto/checkpoint/safetensors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/checkpoint/safetensors_json.h"
#include "proto/status.h"

namespace quire {
namespace {

// Source: safetensors/src/tensor.rs, MAX_HEADER_SIZE.
constexpr uint64_t kMostHeaderBytes = 100'000'000;
constexpr uint64_t kLengthBytes = 8;

uint64_t BytesPerElement(std::string_view dtype) {
  static constexpr std::array<std::pair<std::string_view, uint64_t>, 15> kBytes = {
      {{"F64", 8},
       {"F32", 4},
       {"F16", 2},
       {"BF16", 2},
       {"I64", 8},
       {"I32", 4},
       {"I16", 2},
       {"I8", 1},
       {"U64", 8},
       {"U32", 4},
       {"U16", 2},
       {"U8", 1},
       {"BOOL", 1},
       {"F8_E4M3", 1},
       {"F8_E5M2", 1}}};
  for (const auto& [name, bytes] : kBytes) {
    if (name == dtype) return bytes;
  }
  return 0;
}

absl::Status Damaged(const std::string& path, const std::string& what) {
  return absl::DataLossError(absl::StrCat(path, ": ", what));
}

// Whether a tensor's bytes are inside the data and as many as its shape and type need.
absl::Status CheckExtent(const StoredTensor& tensor, uint64_t data_bytes, const std::string& path) {
  const uint64_t element_bytes = BytesPerElement(tensor.dtype);
  if (element_bytes == 0) {
    return Damaged(path,
                   absl::StrCat("tensor ", NameForPeople(tensor.name), " has the unknown type ",
                                NameForPeople(tensor.dtype), "; expected BF16, F16, F32 or U32"));
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
  return Damaged(
      path, absl::StrCat("tensor ", NameForPeople(tensor.name), " of shape ",
                         FormatShape(tensor.shape), " and type ", tensor.dtype, " lies at bytes ",
                         tensor.begin, " to ", tensor.end, " of ", data_bytes, "; expected ",
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
    return Damaged(path,
                   absl::StrCat("it has ", file_bytes, " bytes; a safetensors file has 8 or more"));
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
  absl::StatusOr<std::vector<StoredTensor>> tensors = ParseTensors(json);
  if (!tensors.ok()) return Damaged(path, std::string(tensors.status().message()));
  SafetensorsHeader header{.path = path, .tensors = *std::move(tensors)};
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
      return Damaged(path, absl::StrCat("tensor ", NameForPeople(tensor.name), " begins at byte ",
                                        tensor.begin,
                                        tensor.begin < reached ? ", inside another; expected "
                                                               : " and leaves a gap; expected ",
                                        reached));
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
