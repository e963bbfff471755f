#pragma once

#include <cstdint>

namespace quire::render {

// Numbers of a file's bytes; the caller has checked that they are there.
inline uint32_t Little16(const uint8_t* p) { return p[0] | p[1] << 8; }
inline uint32_t Little24(const uint8_t* p) { return Little16(p) | uint32_t{p[2]} << 16; }
inline uint32_t Little32(const uint8_t* p) { return Little24(p) | uint32_t{p[3]} << 24; }
inline uint32_t Big16(const uint8_t* p) { return p[0] << 8 | p[1]; }
inline uint32_t Big32(const uint8_t* p) { return Big16(p) << 16 | Big16(p + 2); }

}  // namespace quire::render
