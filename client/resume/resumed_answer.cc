#include "client/resume/resumed_answer.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/status.h"

namespace quire::client {

std::optional<std::vector<int>> SelectedPages(std::string_view page_ranges, int document_pages) {
  std::vector<int> pages;
  if (page_ranges.empty()) {
    for (int page = 1; page <= document_pages; ++page) pages.push_back(page);
    return pages;
  }
  const std::vector<std::string> ranges = absl::StrSplit(std::string(page_ranges), ',');
  for (const std::string& range : ranges) {
    const std::vector<std::string> ends = absl::StrSplit(range, absl::MaxSplits('-', 1));
    int first = 0;
    int last = 0;
    if (!absl::SimpleAtoi(ends.front(), &first) || !absl::SimpleAtoi(ends.back(), &last) ||
        first < 1 || last < first || last > document_pages) {
      return std::nullopt;
    }
    for (int page = first; page <= last; ++page) pages.push_back(page);
  }
  std::sort(pages.begin(), pages.end());
  pages.erase(std::unique(pages.begin(), pages.end()), pages.end());
  return pages;
}

std::string PageRanges(const std::vector<int>& pages) {
  std::string text;
  for (size_t i = 0; i < pages.size();) {
    size_t end = i + 1;
    while (end < pages.size() && pages[end] == pages[end - 1] + 1) ++end;
    absl::StrAppend(&text, text.empty() ? "" : ",", pages[i]);
    if (end > i + 1) absl::StrAppend(&text, "-", pages[end - 1]);
    i = end;
  }
  return text;
}

ResumedAnswer::ResumedAnswer(PageJournal& journal, std::string page_ranges,
                             OnEventFunction on_event)
    : journal_(journal), on_event_(std::move(on_event)), missing_ranges_(page_ranges) {
  if (!journal.accepted().has_value()) return;
  const auto selected = SelectedPages(page_ranges, journal.accepted()->document_pages());
  if (!selected.has_value()) return;
  std::vector<int> missing;
  for (const int page : *selected) {
    (journal.pages().contains(page) ? kept_ : missing).push_back(page);
  }
  missing_ranges_.reset();
  if (!missing.empty()) missing_ranges_ = PageRanges(missing);
}

absl::Status ResumedAnswer::SendKeptBefore(int page_number) {
  for (; sent_ < kept_.size() && kept_[sent_] < page_number; ++sent_) {
    v1::RecognizeResponse event;
    QUIRE_ASSIGN_OR_RETURN(*event.mutable_page_result(), journal_.Read(kept_[sent_]));
    QUIRE_RETURN_IF_ERROR(on_event_(event));
  }
  return absl::OkStatus();
}

absl::Status ResumedAnswer::OnEvent(const v1::RecognizeResponse& event) {
  v1::RecognizeResponse changed = event;
  if (event.has_accepted()) {
    changed.mutable_accepted()->set_selected_pages(event.accepted().selected_pages() +
                                                   kept_pages());
  } else if (event.has_page_result()) {
    QUIRE_RETURN_IF_ERROR(SendKeptBefore(event.page_result().page_number()));
  } else if (event.has_page_failed()) {
    QUIRE_RETURN_IF_ERROR(SendKeptBefore(event.page_failed().page_number()));
  } else if (event.has_summary()) {
    QUIRE_RETURN_IF_ERROR(SendKeptBefore(std::numeric_limits<int>::max()));
    changed.mutable_summary()->set_pages_read(event.summary().pages_read() + kept_pages());
  }
  QUIRE_RETURN_IF_ERROR(journal_.Add(changed));
  return on_event_(changed);
}

absl::Status ResumedAnswer::AnswerAlone() {
  v1::RecognizeResponse event;
  *event.mutable_accepted() = *journal_.accepted();
  event.mutable_accepted()->set_selected_pages(kept_pages());
  QUIRE_RETURN_IF_ERROR(on_event_(event));
  QUIRE_RETURN_IF_ERROR(SendKeptBefore(std::numeric_limits<int>::max()));
  event.mutable_summary()->set_pages_read(kept_pages());
  return on_event_(event);
}

}  // namespace quire::client
