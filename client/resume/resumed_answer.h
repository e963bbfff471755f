#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "client/resume/page_journal.h"
#include "quire/v1/ocr.pb.h"

namespace quire::client {

// The pages of `page_ranges` ("1-3,7"; all when empty) in a document of `document_pages`, in order.
// Nothing for what this program does not understand.
std::optional<std::vector<int>> SelectedPages(std::string_view page_ranges, int document_pages);

// "1-3,7" for {1, 2, 3, 7}.
std::string PageRanges(const std::vector<int>& pages);

// Puts the answer to a document together from the pages of earlier calls and those that the server
// still has to read: one answer in page order, as if all had been read now; and keeps the new ones.
// One thread at a time.
class ResumedAnswer {
 public:
  using OnEventFunction = std::function<absl::Status(const v1::RecognizeResponse&)>;

  // `journal` outlives it, `on_event` gets the whole answer.
  ResumedAnswer(PageJournal& journal, std::string page_ranges, OnEventFunction on_event);

  // Pages that come from earlier calls.
  int kept_pages() const { return static_cast<int>(kept_.size()); }
  // What to ask the server for; nothing when no page is missing.
  std::optional<std::string> missing_ranges() const { return missing_ranges_; }
  // The server's next message, its pages in page order. Errors of on_event and of the journal.
  absl::Status OnEvent(const v1::RecognizeResponse& event);
  // The whole answer, where nothing is missing.
  absl::Status AnswerAlone();

 private:
  absl::Status SendKeptBefore(int page_number);

  PageJournal& journal_;
  const OnEventFunction on_event_;
  std::vector<int> kept_;
  size_t sent_ = 0;  // of kept_
  std::optional<std::string> missing_ranges_;
};

}  // namespace quire::client
