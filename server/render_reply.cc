#include "server/render_reply.h"

#include <cmath>

namespace quire::server {
namespace {

constexpr size_t kMostLayerBytes = 2 << 20;

bool IsSoundLayer(const quire::render::v1::PageTextLayer& layer) {
  if (layer.ByteSizeLong() > kMostLayerBytes) return false;
  for (const quire::v1::Block& block : layer.blocks()) {
    for (const quire::v1::Box& box : block.boxes()) {
      for (const double edge : {box.left(), box.top(), box.right(), box.bottom(), box.left_px(),
                                box.top_px(), box.right_px(), box.bottom_px()}) {
        if (!std::isfinite(edge)) return false;
      }
    }
  }
  return true;
}

}  // namespace

bool IsSoundPage(const quire::render::v1::PageRendered& page, uint64_t granted_bytes) {
  if (page.width_px() < 1 || page.height_px() < 1) return false;
  const uint64_t pixels = static_cast<uint64_t>(page.width_px()) * page.height_px();
  return pixels <= granted_bytes / kBytesOfPixel && std::isfinite(page.dpi()) &&
         std::isfinite(page.width_points()) && std::isfinite(page.height_points()) &&
         std::isfinite(page.deskewed_degrees()) && std::isfinite(page.frame_seconds()) &&
         IsSoundLayer(page.layer());
}

bool IsSoundOpening(const quire::render::v1::DocumentOpened& opened, int max_pages) {
  return opened.pages() >= 1 && opened.pages() <= max_pages;
}

}  // namespace quire::server
