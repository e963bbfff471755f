#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "worker/render/document.h"

namespace quire::render {

// What is known of an image before its pixels are decoded.
struct ImageHeader {
  int64_t width = 0;  // as stored, in pixels
  int64_t height = 0;
  int orientation = 1;  // EXIF, 1 to 8
  // Whether a fourth channel is opacity; in a BMP it is often only padding.
  bool alpha_counts = true;
  // PNG: the colour of its samples, scaled to `sixteen` or 8 bits, that counts as transparent.
  std::optional<std::array<uint16_t, 3>> transparent;
};

// Each walks through the file's parts to its end without decoding it. InvalidArgument, reason
// IMAGE_DAMAGED, when the file is cut off or contradicts itself.
absl::StatusOr<ImageHeader> ReadPngHeader(Bytes file);
absl::StatusOr<ImageHeader> ReadJpegHeader(Bytes file);
absl::StatusOr<ImageHeader> ReadBmpHeader(Bytes file);

// InvalidArgument, reason IMAGE_DAMAGED: "the PNG WHAT; ..." and what to do.
absl::Status ImageDamaged(std::string_view format, std::string_view what);

}  // namespace quire::render
