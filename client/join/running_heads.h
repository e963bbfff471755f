#pragma once

#include <vector>

#include "client/join/page_parts.h"

namespace quire::client {

// Marks the running heads, feet and page numbers of `page`: lines at its ends that stand in the
// same place of a page near by, numbers aside; and numbers that count on from page to page, or
// stand alone in the margin. A heading is marked only where an earlier page has it, too: its first
// appearance is the title.
//   neighbours  pages up to two before and two after, in any order
void MarkRunningHeads(const std::vector<const PageParts*>& neighbours, PageParts& page);

}  // namespace quire::client
