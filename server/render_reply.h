#pragma once

#include <cstdint>

#include "quire/render/v1/render.pb.h"

namespace quire::server {

inline constexpr uint64_t kBytesOfPixel = 3;

// Whether a reply says what a renderer that works could say: a renderer has seen hostile bytes, and
// what it answers is believed no further. Pure.
//   granted_bytes  of the arena, that the page may lie in
bool IsSoundPage(const quire::render::v1::PageRendered& page, uint64_t granted_bytes);
bool IsSoundOpening(const quire::render::v1::DocumentOpened& opened, int max_pages);

}  // namespace quire::server
