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
  // Mean natural logarithm of the opening's probabilities; upright print has -0.2 to -0.35 with
  // nano, turned print -0.55 to -0.95.
  static constexpr double kPoor = -0.45;
  // An opening of fewer tokens than this says that the model saw no text.
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
