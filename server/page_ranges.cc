#include "server/page_ranges.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/rich_status.h"
#include "proto/status.h"

namespace quire::server {
namespace {

constexpr int kOpenEnd = std::numeric_limits<int>::max();
constexpr size_t kMaxTextBytes = 4096;

absl::Status Invalid(const std::string& part, const std::string& why) {
  return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_PAGE_RANGES",
                   absl::StrCat("page_ranges: '", part, "' ", why,
                                "; write 1-based pages and ranges such as 1-3,7 or 12-"),
                   {{"part", part}});
}

// A page number without sign or blanks.
bool ParsePage(const std::string& text, int* page) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit) &&
         absl::SimpleAtoi(text, page);
}

absl::StatusOr<PageRanges::Range> ParseRange(const std::string& part) {
  const std::vector<std::string> ends = absl::StrSplit(part, '-');
  PageRanges::Range range;
  if (ends.size() > 2 || !ParsePage(ends.front(), &range.first)) {
    return Invalid(part, "is no page or range of pages");
  }
  range.last = range.first;
  if (ends.size() == 2) {
    if (ends.back().empty()) {
      range.last = kOpenEnd;
    } else if (!ParsePage(ends.back(), &range.last)) {
      return Invalid(part, "is no page or range of pages");
    }
  }
  if (range.first < 1) return Invalid(part, "begins before page 1");
  if (range.last < range.first) return Invalid(part, "ends before it begins");
  return range;
}

}  // namespace

absl::StatusOr<PageRanges> PageRanges::Parse(const std::string& text) {
  PageRanges result;
  if (absl::StripAsciiWhitespace(text).empty()) {
    result.ranges_.push_back({1, kOpenEnd});
    return result;
  }
  if (text.size() > kMaxTextBytes) {
    return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_PAGE_RANGES",
                     absl::StrCat("page_ranges has ", text.size(), " bytes, at most ",
                                  kMaxTextBytes, " are read; join neighbouring pages to ranges"));
  }
  std::vector<Range> ranges;
  for (const auto& piece : absl::StrSplit(text, ',')) {
    const std::string part(absl::StripAsciiWhitespace(piece));
    QUIRE_ASSIGN_OR_RETURN(const Range range, ParseRange(part));
    ranges.push_back(range);
  }
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& a, const Range& b) { return a.first < b.first; });
  for (const Range& range : ranges) {
    if (!result.ranges_.empty() && (result.ranges_.back().last == kOpenEnd ||
                                    range.first <= result.ranges_.back().last + 1)) {
      result.ranges_.back().last = std::max(result.ranges_.back().last, range.last);
    } else {
      result.ranges_.push_back(range);
    }
  }
  return result;
}

absl::StatusOr<PageRanges> PageRanges::Within(int document_pages) const {
  PageRanges result;
  for (Range range : ranges_) {
    const int asked = range.last == kOpenEnd ? range.first : range.last;
    if (asked > document_pages) {
      return MakeError(absl::StatusCode::kInvalidArgument, "PAGE_OUT_OF_RANGE",
                       absl::StrCat("page_ranges asks for page ", asked, ", the document has ",
                                    document_pages, document_pages == 1 ? " page" : " pages"),
                       {{"page", absl::StrCat(asked)}, {"pages", absl::StrCat(document_pages)}});
    }
    range.last = std::min(range.last, document_pages);
    result.ranges_.push_back(range);
  }
  return result;
}

int PageRanges::pages() const {
  int pages = 0;
  for (const Range& range : ranges_) pages += range.last - range.first + 1;
  return pages;
}

std::optional<int> PageRanges::After(int page) const {
  for (const Range& range : ranges_) {
    if (page < range.first) return range.first;
    if (page < range.last) return page + 1;
  }
  return std::nullopt;
}

}  // namespace quire::server
