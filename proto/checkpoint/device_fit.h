#pragma once

#include <string>
#include <string_view>

#include "proto/checkpoint/architecture.h"

namespace quire {

// Bytes of an element of "f32", "bf16" or "f16".
int BytesOfDtype(std::string_view dtype);

// Device memory that a model needs at the least: `parameters` in `dtype`, and the keys and values
// of one page at the whole context. Working memory of the vision encoder comes on top.
double NeededBytes(const Architecture& architecture, double parameters, std::string_view dtype);

}  // namespace quire
