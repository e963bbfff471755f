#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace quire {

// One tensor as a safetensors header describes it.
struct StoredTensor {
  std::string name;
  std::string dtype;            // "BF16", "U32", ...
  std::vector<int64_t> shape;   // of any rank up to 8
  uint64_t begin = 0, end = 0;  // bytes of the file
};

struct SafetensorsHeader {
  std::string path;
  std::string text;                   // the header's JSON as it is in the file
  std::vector<StoredTensor> tensors;  // in order of the file's bytes
};

// Length of the JSON that follows a file's first 8 bytes (`head`, or fewer where the file is
// shorter). DataLoss when it is longer than the file or than the format allows.
//   path  stands in errors, here and below
absl::StatusOr<uint64_t> SafetensorsHeaderBytes(std::string_view head, uint64_t file_bytes,
                                                const std::string& path);

// What a header says. Every byte of the data belongs to exactly one tensor. DataLoss names the
// path, the tensor, what was found and what was expected: no JSON, values of another kind, two
// tensors of one name, an unknown type, offsets that overlap, leave a gap, contradict the shape or
// end past the file. Takes memory in proportion to `json` alone, whatever sizes it names.
//   file_bytes  size of the whole file
absl::StatusOr<SafetensorsHeader> ParseSafetensorsHeader(std::string_view json, uint64_t file_bytes,
                                                         const std::string& path);

// The header of a file, without its data. InvalidArgument when it cannot be opened.
absl::StatusOr<SafetensorsHeader> ReadSafetensorsHeader(const std::string& path);

// "[64, 1280]"
std::string FormatShape(const std::vector<int64_t>& shape);

}  // namespace quire
