#pragma once

#include <vector>

#include "worker/layout/ink_lines.h"
#include "worker/text/page_text.h"

namespace quire::worker {

// Puts the boxes of blocks where the page's ink is. A small model knows what it reads and in what
// order, and how large a block is, but not to a line where it stands: a token of its view is larger
// than a line of print. So blocks and rows of ink are aligned in reading order, as a whole page: each
// block gets the rows whose length fits its text, whose height and edges fit its box, and that have
// moved from it about as far as the blocks before have; rows that nobody gets, and blocks that get
// none, cost. A block that no rows fit keeps its box, and so does one without text or with several
// boxes. Time is about blocks x rows of ink; it looks at no more than the first 400 of each.
//   blocks         in reading order, as ParsePageText gives them
//   width, height  pixels of the page, whose ink this is
void PlaceBlocks(const PageInk& ink, int width, int height, std::vector<Block>& blocks);

}  // namespace quire::worker
