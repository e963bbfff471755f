#pragma once

#include <cairo.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "quire/v1/ocr.pb.h"

namespace quire::client {

struct FreeSurface {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
struct FreeContext {
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
using Surface = std::unique_ptr<cairo_surface_t, FreeSurface>;
using Context = std::unique_ptr<cairo_t, FreeContext>;

// A PNG as pixels. DataLoss for what is no PNG, ResourceExhausted when memory is short.
absl::StatusOr<Surface> DecodePng(std::string_view png);

// A part of an image, scaled to `width` x `height` pixels, on white where it is transparent. With
// less memory than that takes it is a surface in an error state, which CompressJpeg() tells.
struct ImagePart {
  double left = 0, top = 0, width = 0, height = 0;  // in pixels of the image
};
Surface CutOut(cairo_surface_t* image, const ImagePart& part, int width, int height);

// An opaque image as JPEG. ResourceExhausted.
//   quality  1 to 100
absl::StatusOr<std::string> CompressJpeg(cairo_surface_t* image, int quality);

// Puts the pieces of pages' images together. One thread at a time.
class PageImages {
 public:
  // The PNG, once this was its last piece.
  std::optional<std::string> Add(const v1::PageImageChunk& chunk);
  // What there is of a page that failed goes.
  void Drop(int page_number);

 private:
  std::map<std::pair<int, bool>, std::string> parts_;  // by page and whether it is uncleaned
};

}  // namespace quire::client
