#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace quire::worker {

// Pixels that somebody else owns: RGB, 8 bits a channel, rows without gaps (width * 3 bytes).
struct PixelView {
  const uint8_t* data = nullptr;
  int width = 0;
  int height = 0;
};

// Pixels that it owns: RGB, 8 bits a channel, rows without gaps.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> data;  // height * width * 3

  Image() = default;
  Image(int width, int height)
      : width(width), height(height), data(static_cast<size_t>(width) * height * 3) {}
  PixelView view() const { return {data.data(), width, height}; }
};

}  // namespace quire::worker
