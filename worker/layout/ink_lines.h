#pragma once

#include <vector>

#include "worker/image/pixels.h"
#include "worker/text/page_text.h"

namespace quire::worker {

// The lines of text that a page's ink shows, without a word being read.
struct PageInk {
  std::vector<PixelBox> lines;  // each within one column, and tight about its ink; pixels of the page
  double letter_height = 0;     // median of the letters, capitals and small ones; 0 where none was found
};

// Finds them: what differs from its surroundings, dark on light or light on dark, falls into connected
// pieces; those of a letter's size are joined with their neighbours to the left and right. Rules, frames
// and pictures are left out. A page without letters, or with more of them than print has, has no lines.
// One thread, and about as long as cutting the page into views. Never fails: without memory there are no lines.
PageInk FindInk(PixelView page);

}  // namespace quire::worker
