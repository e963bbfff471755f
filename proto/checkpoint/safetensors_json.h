#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/checkpoint/safetensors.h"

namespace quire {

// The tensors of a safetensors header, in its order, their offsets as they stand there: from the
// end of the header on, and not compared with anything. DataLoss says what is wrong with the JSON,
// naming the tensor.
absl::StatusOr<std::vector<StoredTensor>> ParseTensors(std::string_view json);

// A name from a file, fit for a message: at most 120 bytes, no control characters.
std::string NameForPeople(std::string_view name);

}  // namespace quire
