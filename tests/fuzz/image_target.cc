// Images of every kind that Quire reads: drawn into the canvas or refused with a reason.

#include <cstdint>
#include <vector>

#include "proto/check.h"
#include "proto/rich_status.h"
#include "worker/render/document.h"
#include "worker/render/format.h"
#include "worker/render/image_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quire;
  constexpr int64_t kMaxPixels = 1 << 16;
  static std::vector<uint8_t> canvas(3 * kMaxPixels);
  static const bool kWarm = (render::WarmUpImageCodec(), true);
  (void)kWarm;
  const render::Bytes bytes(data, size);
  // pdf_target.cc reads those.
  if (render::SniffFormat(bytes).format == v1::DOCUMENT_FORMAT_PDF) return 0;
  const auto document = render::OpenDocument(bytes, "", {.max_page_pixels = kMaxPixels});
  if (!document.ok()) {
    QUIRE_CHECK(!ReasonOf(document.status()).empty());
    return 0;
  }
  for (int page = 0; page < std::min((*document)->pages(), 3); ++page) {
    const auto drawn = (*document)->Draw(page, {}, {.data = canvas.data(), .bytes = canvas.size()});
    if (!drawn.ok()) {
      QUIRE_CHECK(!ReasonOf(drawn.status()).empty());
    } else {
      QUIRE_CHECK(drawn->width_px > 0 && drawn->height_px > 0);
      QUIRE_CHECK(int64_t{drawn->width_px} * drawn->height_px <= kMaxPixels);
    }
  }
  return 0;
}
