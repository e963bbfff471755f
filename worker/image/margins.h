#pragma once

#include "worker/image/pixels.h"

namespace quire::worker {

// A part of a page, in its pixels.
struct PixelPart {
  int left = 0, top = 0, width = 0, height = 0;
};

// What of a page is left when its empty margins go, but for a narrow one: the whole page where
// nothing is empty, or everything. Paper is what most pixels look like, so that white on black has
// margins, too; what differs little from it, as a scan's shades do, is paper.
PixelPart WithoutMargins(PixelView page);

// `part` lies within the page.
Image Cut(PixelView page, const PixelPart& part);

}  // namespace quire::worker
