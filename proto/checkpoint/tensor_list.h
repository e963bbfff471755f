#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/checkpoint/architecture.h"

namespace quire {

// A dimension that the config does not tell: the checkpoint decides.
inline constexpr int64_t kAnySize = -1;

// A tensor that a checkpoint is to hold, by its official name.
struct ExpectedTensor {
  std::string name;
  std::vector<int64_t> shape;
  bool optional = false;  // official files carry it, no computation uses it
};

// Every tensor of a model, in the order of its computation: SAM, CLIP or the query encoder,
// projector, separators, decoder.
std::vector<ExpectedTensor> ListTensors(const Architecture& architecture);

// Whether a tensor of this name may stand in a checkpoint although nothing uses it.
bool IsUnusedTensor(std::string_view name);

// The official name of a tensor in a checkpoint that MLX's converter wrote: "lm_head.weight" for
// "language_model.lm_head.weight"; any other name as it is. Stacked experts keep "switch_mlp".
std::string OfficialName(std::string_view stored);

}  // namespace quire
