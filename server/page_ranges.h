#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace quire::server {

// Pages of a document: 1-based, ascending, none twice. Kept as ranges, so that it does not grow with
// the number of pages.
class PageRanges {
 public:
  struct Range {
    int first = 1;
    int last = 1;
  };

  // Reads "1-3,7" or "12-" (to the end); an empty text means all pages. InvalidArgument (reason
  // INVALID_PAGE_RANGES) names the part that cannot be read.
  static absl::StatusOr<PageRanges> Parse(const std::string& text);

  // The same pages with open ends closed. InvalidArgument (reason PAGE_OUT_OF_RANGE) when a page
  // lies outside of the document.
  absl::StatusOr<PageRanges> Within(int document_pages) const;

  // The following need closed ends.
  int pages() const;
  int first() const { return ranges_.front().first; }
  // The page that follows `page`, which need not be one of these.
  std::optional<int> After(int page) const;

 private:
  std::vector<Range> ranges_;
};

}  // namespace quire::server
