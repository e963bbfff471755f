#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>

#include "server/page_ranges.h"

namespace quire::server {

// Pages that wait to be drawn and read, fair between documents. Pure: no clock, no thread.
//
// Start-time fair queueing: each document has a tag that grows by 1 / weight with each page it
// gives; the lowest tag is next. A document that enters takes the tag of the page given last, and
// one that has given nothing yet goes before others with its tag. After two such newcomers in a row
// it is another document's turn, so a flood of short documents cannot starve a long one; and a long
// document never holds up a short one.
//
// A document may have `window` pages between Pick() and Release(): drawn, being read, or read but
// not taken by the client. Pages that are tried again come before everything else.
//
// Its size grows with the documents, which admission bounds, not with their pages.
class PageQueue {
 public:
  using Clock = std::chrono::steady_clock;

  struct Picked {
    uint64_t document = 0;
    int page_number = 0;        // 1-based
    bool again = false;         // came by Requeue()
    Clock::time_point entered;  // when the document's window reached it; unset if `again`
  };

  // `weight` above 0: share relative to other documents.
  void Add(uint64_t document, const PageRanges& pages, double weight, Clock::time_point now);
  // Its pages no longer wait. Unknown documents are ignored.
  void Remove(uint64_t document);
  // A picked page waits again, before all others.
  void Requeue(uint64_t document, int page_number);
  // The next page among documents for which `may_start` holds.
  std::optional<Picked> Pick(const std::function<bool(uint64_t document)>& may_start);
  // A picked page has left for good; the document's window opens by one.
  void Release(uint64_t document, Clock::time_point now);
  void set_window(int pages) { window_ = pages; }

  int documents() const { return static_cast<int>(documents_.size()); }
  // Pages not picked yet, and those that wait again.
  int64_t pages_left() const;
  // What the limit of waiting pages is held against: a document counts with at most
  // kCountedPages of its pages, since the wait of others does not grow with its length.
  int waiting_pages() const;
  static constexpr int kCountedPages = 4;

 private:
  struct Document {
    PageRanges pages;
    std::optional<int> next;    // page to give next
    int left = 0;               // pages not given yet
    int in_window = 0;
    int given = 0;
    double weight = 1;
    double tag = 0;
    Clock::time_point added;
    std::deque<Clock::time_point> opened;  // when the window opened; at most window_ of them
  };
  using Documents = std::map<uint64_t, Document>;

  std::optional<Picked> PickAgain(const std::function<bool(uint64_t)>& may_start);
  bool GoesBefore(const Document& a, const Document& b) const;

  Documents documents_;
  std::deque<std::pair<uint64_t, int>> again_;  // document and page number
  double virtual_time_ = 0;                     // tag of the page given last
  int newcomers_in_a_row_ = 0;
  int window_ = 8;
};

}  // namespace quire::server
