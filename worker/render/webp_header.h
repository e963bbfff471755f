#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "worker/render/image_header.h"

namespace quire::render {

// A WebP file as it is to be decoded.
struct WebpHeader {
  ImageHeader image;  // size of the whole canvas
  // An animation's first frame as a still WebP of its own, and where it lies on the canvas; empty for
  // a file that is a still already.
  std::string first_frame;
  int64_t frame_x = 0;
  int64_t frame_y = 0;
  int64_t frame_width = 0;
  int64_t frame_height = 0;
};

// Walks through the file's chunks without decoding them. InvalidArgument, reason IMAGE_DAMAGED, when
// the file is cut off or has no pixels.
absl::StatusOr<WebpHeader> ReadWebpHeader(Bytes file);

}  // namespace quire::render
