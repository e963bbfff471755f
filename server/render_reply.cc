#include "server/render_reply.h"

#include <cmath>

namespace quire::server {

bool IsSoundPage(const quire::render::v1::PageRendered& page, uint64_t granted_bytes) {
  if (page.width_px() < 1 || page.height_px() < 1) return false;
  const uint64_t pixels = static_cast<uint64_t>(page.width_px()) * page.height_px();
  return pixels <= granted_bytes / kBytesOfPixel && std::isfinite(page.dpi()) &&
         std::isfinite(page.width_points()) && std::isfinite(page.height_points());
}

bool IsSoundOpening(const quire::render::v1::DocumentOpened& opened, int max_pages) {
  return opened.pages() >= 1 && opened.pages() <= max_pages;
}

}  // namespace quire::server
