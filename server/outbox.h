#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "quire/v1/ocr.pb.h"
#include "server/page_ranges.h"

namespace quire::server {

// A page's images as PNG; empty where they were not asked for.
struct PageImages {
  std::string cleaned;    // as it was read
  std::string uncleaned;  // from before the clean-ups
};

// What one document's client is to be sent, in the right order, while it reads slowly. Pure.
//
// Text deltas that wait are joined, so that a client that does not read costs one of them a page;
// nothing else is ever dropped. In an ordered document the ends of pages wait for those before them.
class Outbox {
 public:
  struct Message {
    quire::v1::RecognizeResponse response;
    bool ends_page = false;  // after it, one page less is on its way
  };

  // For a document whose pages come as they finish.
  Outbox() = default;
  // For one whose pages come in the order of `pages`.
  void SetOrder(const PageRanges& pages);

  void Push(quire::v1::RecognizeResponse response);
  // A page is (again) being read: text of its earlier attempt that still waits is dropped.
  void PushStarted(quire::v1::PageStarted started);
  void PushText(int page_number, int attempt, std::string text);
  // A page has ended: its images in pieces of at most 1 MiB, then `end`, a PageResult or
  // PageFailed.
  void PushEnd(int page_number, const PageImages& images, quire::v1::RecognizeResponse end);

  // The next message to send; nothing when none is due.
  std::optional<Message> Next();

 private:
  void FlushText(int page_number);

  std::deque<Message> queue_;
  std::map<int, quire::v1::TextDelta> texts_;         // by page; go when the queue is empty
  std::map<int, std::vector<Message>> held_;          // ends that wait for earlier pages
  std::optional<PageRanges> order_;
  std::optional<int> next_in_order_;
};

}  // namespace quire::server
