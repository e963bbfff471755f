#pragma once

#include <span>
#include <vector>

#include "worker/engine/page_reader.h"

namespace quire::worker {

// Ids that may not come next: those that would complete a run of `ban.size` ids seen before within
// the last `ban.window` ids. `exempt` ids are never banned. Nothing while fewer than `ban.size` ids
// were written.
// Source: DeepSeek-OCR process/ngram_norepeat.py, NoRepeatNGramLogitsProcessor.
//   written  generated ids only
std::vector<int> BannedIds(std::span<const int> written, NgramBan ban, std::span<const int> exempt);

}  // namespace quire::worker
