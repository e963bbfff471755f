#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/checkpoint/architecture.h"
#include "proto/checkpoint/registry.h"

namespace quire {

// Bytes of an element of "f32", "bf16" or "f16".
int BytesOfDtype(std::string_view dtype);

// What the memory that a model needs depends on.
struct ModelSize {
  double parameters = 0;
  double coded_parameters = 0;  // of them, those that are stored in 8 bits
  double cache_elements = 0;    // keys and values of one page at the whole context
};
ModelSize SizeOf(const Architecture& architecture, double parameters);
ModelSize SizeOf(const RegistryEntry& entry);

// Device memory that a model needs at the least: its weights in `dtype`, and one page's keys and
// values, as a worker keeps them unless it is told otherwise: 8-bit weights as they are, and keys
// and values in half precision, beside f32 on a CPU. Working memory of the vision encoder comes on
// top.
//   kind  of the device, as in the registry: "cuda", "mps", "cpu"
double NeededBytes(const ModelSize& size, std::string_view dtype, std::string_view kind);

// Keys of the registry whose models need no more than `bytes` on a device of this kind, each in the
// type that the registry names; "default-..." left out.
std::vector<std::string> KeysThatFit(double bytes, const std::string& kind);

}  // namespace quire
