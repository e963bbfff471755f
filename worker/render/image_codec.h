#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "worker/image/pixels.h"
#include "worker/render/document.h"
#include "worker/render/pixel_rows.h"

namespace quire::render {

// The one place that knows OpenCV and catches what it throws.

// A decoded image as it was stored: not turned, alpha and 16 bits kept.
struct DecodedImage {
  int width = 0;
  int height = 0;
  PixelLayout layout;
  size_t row_bytes = 0;
  std::shared_ptr<const uint8_t> rows;  // shared with the library's own handle
  const void* Row(int y) const { return rows.get() + y * row_bytes; }
};

// Decodes a PNG, JPEG, WebP or BMP. InvalidArgument (IMAGE_DAMAGED) names `format`; ResourceExhausted
// (RENDER_MEMORY).
//   keep_alpha  else a fourth channel is dropped
absl::StatusOr<DecodedImage> DecodeImage(Bytes file, std::string_view format, bool keep_alpha);

// The pixels as PNG. ResourceExhausted (RENDER_MEMORY).
absl::StatusOr<std::string> EncodePng(const worker::PixelView& pixels);

// Makes OpenCV quiet and single-threaded, and has it load and ask the system whatever it will need.
// Before the sandbox is entered.
void WarmUpImageCodec();

// ResourceExhausted, reason RENDER_MEMORY.
absl::Status OutOfRenderMemory(std::string_view what);

}  // namespace quire::render
