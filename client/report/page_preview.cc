#include "client/report/page_preview.h"

#include <cairo.h>
#include <turbojpeg.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace quire::client {
namespace {

constexpr int kQuality = 60;  // text stays legible, a page of it takes some 50 kB

struct FreeSurface {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
struct FreeContext {
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
struct FreeCompressor {
  void operator()(void* compressor) const { tjDestroy(compressor); }
};
using Surface = std::unique_ptr<cairo_surface_t, FreeSurface>;

// The library asks for the PNG in pieces.
cairo_status_t ReadPiece(void* closure, unsigned char* data, unsigned int size) {
  auto& rest = *static_cast<std::string_view*>(closure);
  if (rest.size() < size) return CAIRO_STATUS_READ_ERROR;
  std::memcpy(data, rest.data(), size);
  rest.remove_prefix(size);
  return CAIRO_STATUS_SUCCESS;
}

absl::StatusOr<Surface> Decode(std::string_view png) {
  Surface page(cairo_image_surface_create_from_png_stream(ReadPiece, &png));
  const cairo_status_t status = cairo_surface_status(page.get());
  if (status == CAIRO_STATUS_SUCCESS) return page;
  const std::string text = absl::StrCat("the page's image: ", cairo_status_to_string(status));
  return status == CAIRO_STATUS_NO_MEMORY ? absl::ResourceExhaustedError(text)
                                          : absl::DataLossError(text);
}

// On white, where the page is transparent.
Surface Shrink(cairo_surface_t* page, int width, int height) {
  Surface small(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height));
  const std::unique_ptr<cairo_t, FreeContext> context(cairo_create(small.get()));
  cairo_set_source_rgb(context.get(), 1, 1, 1);
  cairo_paint(context.get());
  cairo_scale(context.get(), 1.0 * width / cairo_image_surface_get_width(page),
              1.0 * height / cairo_image_surface_get_height(page));
  cairo_set_source_surface(context.get(), page, 0, 0);
  cairo_paint(context.get());
  return small;
}

absl::StatusOr<std::string> Compress(cairo_surface_t* page) {
  const std::unique_ptr<void, FreeCompressor> compressor(tjInitCompress());
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  cairo_surface_flush(page);
  const int failed = tjCompress2(
      compressor.get(), cairo_image_surface_get_data(page), cairo_image_surface_get_width(page),
      cairo_image_surface_get_stride(page), cairo_image_surface_get_height(page), TJPF_BGRX,
      &bytes, &size, TJSAMP_420, kQuality, TJFLAG_FASTDCT);
  if (failed != 0) {
    tjFree(bytes);
    return absl::ResourceExhaustedError(
        absl::StrCat("the page's preview: ", tjGetErrorStr2(compressor.get())));
  }
  std::string jpeg(reinterpret_cast<const char*>(bytes), size);
  tjFree(bytes);
  return jpeg;
}

}  // namespace

absl::StatusOr<PagePreview> MakePagePreview(std::string_view png, int long_side_px) {
  QUIRE_ASSIGN_OR_RETURN(const Surface page, Decode(png));
  const int width = cairo_image_surface_get_width(page.get());
  const int height = cairo_image_surface_get_height(page.get());
  const double scale = std::min(1.0, 1.0 * long_side_px / std::max({width, height, 1}));
  PagePreview preview{.width_px = std::max(1, static_cast<int>(std::lround(width * scale))),
                      .height_px = std::max(1, static_cast<int>(std::lround(height * scale)))};
  const Surface small = Shrink(page.get(), preview.width_px, preview.height_px);
  QUIRE_ASSIGN_OR_RETURN(preview.jpeg, Compress(small.get()));
  return preview;
}

}  // namespace quire::client
