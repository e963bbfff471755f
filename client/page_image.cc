#include "client/page_image.h"

#include <turbojpeg.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace quire::client {
namespace {

struct FreeCompressor {
  void operator()(void* compressor) const { tjDestroy(compressor); }
};

// The library asks for the PNG in pieces.
cairo_status_t ReadPiece(void* closure, unsigned char* data, unsigned int size) {
  auto& rest = *static_cast<std::string_view*>(closure);
  if (rest.size() < size) return CAIRO_STATUS_READ_ERROR;
  std::memcpy(data, rest.data(), size);
  rest.remove_prefix(size);
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace

absl::StatusOr<Surface> DecodePng(std::string_view png) {
  Surface page(cairo_image_surface_create_from_png_stream(ReadPiece, &png));
  const cairo_status_t status = cairo_surface_status(page.get());
  if (status == CAIRO_STATUS_SUCCESS) return page;
  const std::string text = absl::StrCat("the page's image: ", cairo_status_to_string(status));
  return status == CAIRO_STATUS_NO_MEMORY ? absl::ResourceExhaustedError(text)
                                          : absl::DataLossError(text);
}

Surface CutOut(cairo_surface_t* image, const ImagePart& part, int width, int height) {
  Surface cut(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height));
  const Context context(cairo_create(cut.get()));
  cairo_set_source_rgb(context.get(), 1, 1, 1);
  cairo_paint(context.get());
  cairo_scale(context.get(), width / part.width, height / part.height);
  cairo_set_source_surface(context.get(), image, -part.left, -part.top);
  cairo_paint(context.get());
  return cut;
}

absl::StatusOr<std::string> CompressJpeg(cairo_surface_t* image, int quality) {
  cairo_surface_flush(image);
  if (const cairo_status_t status = cairo_surface_status(image); status != CAIRO_STATUS_SUCCESS) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the page's image: ", cairo_status_to_string(status)));
  }
  const std::unique_ptr<void, FreeCompressor> compressor(tjInitCompress());
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  const int failed = tjCompress2(
      compressor.get(), cairo_image_surface_get_data(image), cairo_image_surface_get_width(image),
      cairo_image_surface_get_stride(image), cairo_image_surface_get_height(image), TJPF_BGRX,
      &bytes, &size, TJSAMP_420, quality, TJFLAG_FASTDCT);
  const std::unique_ptr<unsigned char, decltype(&tjFree)> owner(bytes, tjFree);
  if (failed != 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the page's image: ", tjGetErrorStr2(compressor.get())));
  }
  return std::string(reinterpret_cast<const char*>(bytes), size);
}

std::optional<std::string> PageImages::Add(const v1::PageImageChunk& chunk) {
  const std::pair key(chunk.page_number(), chunk.uncleaned());
  parts_[key] += chunk.data();
  if (!chunk.last()) return std::nullopt;
  return std::move(parts_.extract(key).mapped());
}

void PageImages::Drop(int page_number) {
  parts_.erase({page_number, false});
  parts_.erase({page_number, true});
}

}  // namespace quire::client
