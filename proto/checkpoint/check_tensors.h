#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "proto/checkpoint/architecture.h"
#include "proto/checkpoint/safetensors.h"
#include "proto/checkpoint/weight_files.h"

namespace quire {

// What is wrong with a checkpoint, and how large it is.
struct TensorReport {
  std::vector<absl::Status> faults;  // the first kMostFaults
  int64_t fault_count = 0;           // all of them
  int64_t tensors = 0;               // stored
  int64_t parameters = 0;            // logical: one for each 8-bit code, none for scales
  uint64_t data_bytes = 0;
  bool quantised = false;
};
inline constexpr size_t kMostFaults = 20;

// Compares every tensor's name, type and shape with what `architecture` needs; official names and
// MLX's, 8-bit affine tensors, stacked experts and channel-last convolutions are known. Each fault
// (InvalidArgument) names file, tensor, found and expected: missing, surplus, misshaped, wrongly
// typed, there twice, in another shard than the index says.
TensorReport CheckTensors(const Architecture& architecture, const WeightFiles& files,
                          const std::vector<SafetensorsHeader>& headers);

// Elements that a model computes with, from its config alone.
//   returns  a lower bound where the config does not tell a size
double CountParameters(const Architecture& architecture);

}  // namespace quire
