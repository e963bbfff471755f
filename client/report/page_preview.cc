#include "client/report/page_preview.h"

#include <algorithm>
#include <cmath>

#include "client/page_image.h"
#include "proto/status.h"

namespace quire::client {
namespace {

constexpr int kQuality = 60;  // text stays legible, a page of it takes some 50 kB

}  // namespace

absl::StatusOr<PagePreview> MakePagePreview(std::string_view png, int long_side_px) {
  QUIRE_ASSIGN_OR_RETURN(const Surface page, DecodePng(png));
  const int width = cairo_image_surface_get_width(page.get());
  const int height = cairo_image_surface_get_height(page.get());
  const double scale = std::min(1.0, 1.0 * long_side_px / std::max({width, height, 1}));
  PagePreview preview{.width_px = std::max(1, static_cast<int>(std::lround(width * scale))),
                      .height_px = std::max(1, static_cast<int>(std::lround(height * scale)))};
  const ImagePart whole{.width = 1.0 * width, .height = 1.0 * height};
  const Surface small = CutOut(page.get(), whole, preview.width_px, preview.height_px);
  QUIRE_ASSIGN_OR_RETURN(preview.jpeg, CompressJpeg(small.get(), kQuality));
  return preview;
}

}  // namespace quire::client
