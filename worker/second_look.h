#pragma once

#include "worker/engine/page_reader.h"
#include "worker/readings.h"

namespace quire::worker {

// Reads a page again of whose text the model was unsure, with its empty margins cut off: letters are
// larger then, and lie elsewhere in the tiles. What was read with the greater mean probability is the
// page's; where even that was hardly probable its text is left out (kUnreadable), but for paragraphs that
// were read well where they are a good part of it. For models that say
// when (SecondLookRule); a page whose text is streamed is read once, since its text is shown already,
// and so is one of several images. Costs other pages a copy of their pixels. Thread-safe.
class SecondLook final : public PageReader {
 public:
  // Fewer tokens of text than this say that the model saw none.
  static constexpr int kFewestTokens = 8;
  // Readable paragraphs that hold less than this share of a page's text are chance.
  static constexpr double kLeastReadable = 0.25;
  // Margins that are less of a page than this are not worth it.
  static constexpr double kLeastCut = 0.08;

  // `reader` outlives this, and ends every page before this goes.
  explicit SecondLook(PageReader& reader) : reader_(reader) {}

  void Read(PageRequest request, PageCallbacks callbacks) override;
  void Cancel(uint64_t job_id) override;
  const ReaderInfo& info() const override { return reader_.info(); }
  ReaderStats stats() const override { return reader_.stats(); }

 private:
  class Page;

  PageReader& reader_;
  PagesInWork<Page> pages_;
};

}  // namespace quire::worker
