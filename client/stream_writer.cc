#include "client/stream_writer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace quire::client {

StreamWriter::StreamWriter(OutputOptions options, TextSink& sink)
    : options_(std::move(options)), sink_(sink) {}

absl::Status StreamWriter::OnEvent(const v1::RecognizeResponse& event) {
  if (event.has_accepted() && options_.several) {
    return sink_.Write(DocumentHeading(options_.document_name, options_.format));
  }
  if (event.has_page_started()) {
    Page& page = pages_[event.page_started().page_number()];
    if (event.page_started().attempt() > page.attempt) {
      Restart(page, event.page_started().attempt());
    }
  } else if (event.has_text_delta()) {
    Page& page = pages_[event.text_delta().page_number()];
    if (event.text_delta().attempt() > page.attempt) Restart(page, event.text_delta().attempt());
    if (event.text_delta().attempt() == page.attempt) page.text += event.text_delta().text();
  } else if (event.has_page_result()) {
    Finish(event.page_result());
  } else if (event.has_page_failed()) {
    Page& page = pages_[event.page_failed().page_number()];
    page.note = absl::StrCat("not read: ", event.page_failed().status().message());
    page.text.clear();
    page.shown_bytes = 0;
    page.heading_due = true;
    page.ended = true;
  } else {
    return absl::OkStatus();
  }
  return Show();
}

absl::Status StreamWriter::OnEnd(const absl::Status&) {
  return at_line_start_ ? absl::OkStatus() : sink_.Write("\n");
}

void StreamWriter::Restart(Page& page, int attempt) {
  page = {.attempt = attempt, .note = absl::StrCat("attempt ", attempt)};
}

void StreamWriter::Finish(const v1::PageResult& result) {
  Page& page = pages_[result.page_number()];
  // A server may leave the deltas out.
  if (page.text.empty()) page.text = PageBody(result, options_.format, options_.raw);
  page.ended = true;
}

absl::Status StreamWriter::Show() {
  while (!pages_.empty()) {
    if (!shown_page_.has_value()) shown_page_ = pages_.begin()->first;
    Page& page = pages_[*shown_page_];
    QUIRE_RETURN_IF_ERROR(ShowPage(*shown_page_, page));
    if (!page.ended) break;
    pages_.erase(*shown_page_);
    shown_page_.reset();
  }
  return absl::OkStatus();
}

absl::Status StreamWriter::ShowPage(int page_number, Page& page) {
  std::string text;
  if (std::exchange(page.heading_due, false)) {
    if (!at_line_start_) text += '\n';
    text += PageHeading(page_number, options_.format, page.note);
  }
  text.append(page.text, page.shown_bytes);
  page.shown_bytes = page.text.size();
  if (text.empty() && !page.ended) return absl::OkStatus();
  if (page.ended) {
    const bool line_ended = text.empty() ? at_line_start_ : text.back() == '\n';
    text += line_ended ? "\n" : "\n\n";
  }
  at_line_start_ = text.back() == '\n';
  return sink_.Write(text);
}

}  // namespace quire::client
