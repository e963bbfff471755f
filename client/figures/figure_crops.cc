#include "client/figures/figure_crops.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "client/page_image.h"
#include "proto/status.h"

namespace quire::client {
namespace {

struct Part {
  int left = 0, top = 0, width = 0, height = 0;  // pixels
};

// Whole pixels of the box inside the page; no width or height where there are none.
Part PartOf(const v1::Box& box, cairo_surface_t* page) {
  const auto clamped = [](double value, int limit) {
    return static_cast<int>(std::clamp(value, 0.0, static_cast<double>(limit)));
  };
  const int width = cairo_image_surface_get_width(page);
  const int height = cairo_image_surface_get_height(page);
  const int left = clamped(std::floor(box.left_px()), width);
  const int top = clamped(std::floor(box.top_px()), height);
  return {.left = left,
          .top = top,
          .width = clamped(std::ceil(box.right_px()), width) - left,
          .height = clamped(std::ceil(box.bottom_px()), height) - top};
}

cairo_status_t Append(void* closure, const unsigned char* data, unsigned int size) {
  static_cast<std::string*>(closure)->append(reinterpret_cast<const char*>(data), size);
  return CAIRO_STATUS_SUCCESS;
}

absl::StatusOr<std::string> Cut(cairo_surface_t* page, const Part& part) {
  const Surface view(
      cairo_surface_create_for_rectangle(page, part.left, part.top, part.width, part.height));
  std::string png;
  const cairo_status_t status = cairo_surface_write_to_png_stream(view.get(), Append, &png);
  if (status == CAIRO_STATUS_SUCCESS) return png;
  return absl::ResourceExhaustedError(
      absl::StrCat("a figure's image: ", cairo_status_to_string(status)));
}

}  // namespace

bool IsFigure(const v1::Block& block) {
  return block.label() == "image" || block.label() == "figure";
}

absl::StatusOr<std::vector<FigureCrop>> CutFigures(const v1::PageResult& result,
                                                   std::string_view page_png) {
  std::vector<FigureCrop> crops;
  if (std::none_of(result.blocks().begin(), result.blocks().end(), IsFigure)) return crops;
  QUIRE_ASSIGN_OR_RETURN(const Surface page, DecodePng(page_png));
  int number = 0;
  for (int i = 0; i < result.blocks_size(); ++i) {
    if (!IsFigure(result.blocks(i))) continue;
    for (const v1::Box& box : result.blocks(i).boxes()) {
      const Part part = PartOf(box, page.get());
      ++number;
      if (part.width < 1 || part.height < 1) continue;
      FigureCrop crop{.block_index = i, .number = number};
      QUIRE_ASSIGN_OR_RETURN(crop.png, Cut(page.get(), part));
      crops.push_back(std::move(crop));
    }
  }
  return crops;
}

}  // namespace quire::client
