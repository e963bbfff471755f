#pragma once

#include "worker/engine/page_reader.h"
#include "worker/readings.h"

namespace quire::worker {

// Finds pages that are turned, on request, and reads them as they are to be looked at: where the
// first kOpeningTokens of the page as it came are poor, the other three ways up are tried for as
// long, and that is read to its end whose tokens were the most probable. A page that is upright
// costs nothing but a copy of its pixels. Thread-safe.
class UprightReader final : public PageReader {
 public:
  static constexpr int kOpeningTokens = 48;
  // Mean natural logarithm of the opening's probabilities; upright print has -0.09 to -0.42 with nano
  // (14 real pages), turned print -0.63 to -0.77 where it is not taken for a picture, which has no text.
  static constexpr double kPoor = -0.45;
  // An opening of fewer tokens of text than this says that the model saw none.
  static constexpr int kFewestTokens = 8;

  // `reader` outlives this, and ends every page before this goes.
  explicit UprightReader(PageReader& reader) : reader_(reader) {}

  void Read(PageRequest request, PageCallbacks callbacks) override;
  void Cancel(uint64_t job_id) override;
  const ReaderInfo& info() const override { return reader_.info(); }
  ReaderStats stats() const override { return reader_.stats(); }

 private:
  class Search;

  PageReader& reader_;
  PagesInWork<Search> searches_;
};

}  // namespace quire::worker
