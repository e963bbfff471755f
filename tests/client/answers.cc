#include "tests/client/answers.h"

#include "proto/rich_status.h"

namespace quire::client {

v1::RecognizeResponse Accepted(int pages) {
  v1::RecognizeResponse event;
  v1::DocumentAccepted& accepted = *event.mutable_accepted();
  accepted.set_document_id("document-1");
  accepted.set_format(v1::DOCUMENT_FORMAT_PDF);
  accepted.set_document_pages(pages);
  accepted.set_selected_pages(pages);
  return event;
}

v1::RecognizeResponse Started(int page, int attempt) {
  v1::RecognizeResponse event;
  event.mutable_page_started()->set_page_number(page);
  event.mutable_page_started()->set_attempt(attempt);
  return event;
}

v1::RecognizeResponse Delta(int page, const std::string& text, int attempt) {
  v1::RecognizeResponse event;
  event.mutable_text_delta()->set_page_number(page);
  event.mutable_text_delta()->set_attempt(attempt);
  event.mutable_text_delta()->set_text(text);
  return event;
}

v1::RecognizeResponse Page(int page, const std::string& text) {
  v1::RecognizeResponse event;
  v1::PageResult& result = *event.mutable_page_result();
  result.set_page_number(page);
  result.set_markdown(text);
  result.set_text("plain " + text);
  result.set_raw_output("raw " + text);
  result.set_finish_reason(v1::FINISH_REASON_STOP);
  result.mutable_seconds()->set_decode(1.25);
  return event;
}

v1::RecognizeResponse UnreadablePage(int page) {
  v1::RecognizeResponse event = Page(page, "");
  event.mutable_page_result()->clear_text();
  event.mutable_page_result()->set_finish_reason(v1::FINISH_REASON_UNREADABLE);
  return event;
}

v1::RecognizeResponse PageWithBlocks(
    int page, const std::vector<std::pair<std::string, std::string>>& blocks) {
  v1::RecognizeResponse event = Page(page, "");
  v1::PageResult& result = *event.mutable_page_result();
  result.set_width_px(1000);
  result.set_height_px(1400);
  double top = 0;
  for (const auto& [label, text] : blocks) {
    top += 70;
    v1::Block& block = *result.add_blocks();
    block.set_label(label);
    block.set_text(text);
    v1::Box& box = *block.add_boxes();
    box.set_left_px(100);
    box.set_top_px(top);
    box.set_right_px(900);
    box.set_bottom_px(top + 70);
    box.set_left(0.1);
    box.set_top(top / 1400);
    box.set_right(0.9);
    box.set_bottom((top + 70) / 1400);
    result.mutable_markdown()->append(text).append("\n\n");
  }
  return event;
}

v1::RecognizeResponse Failed(int page, const absl::Status& status) {
  v1::RecognizeResponse event;
  event.mutable_page_failed()->set_page_number(page);
  event.mutable_page_failed()->set_attempts(3);
  *event.mutable_page_failed()->mutable_status() = ToProto(status);
  return event;
}

v1::RecognizeResponse Summary(int pages_read, int pages_failed) {
  v1::RecognizeResponse event;
  v1::DocumentSummary& summary = *event.mutable_summary();
  summary.set_pages_read(pages_read);
  summary.set_pages_failed(pages_failed);
  summary.set_total_seconds(2);
  summary.set_first_page_seconds(0.5);
  summary.set_output_tokens(100);
  summary.mutable_seconds()->set_decode(1.25);
  return event;
}

std::vector<v1::RecognizeResponse> WholeAnswer(int pages) {
  std::vector<v1::RecognizeResponse> events = {Accepted(pages)};
  for (int page = 1; page <= pages; ++page) {
    events.push_back(Started(page));
    events.push_back(Page(page, "text " + std::to_string(page)));
  }
  events.push_back(Summary(pages));
  return events;
}

}  // namespace quire::client
