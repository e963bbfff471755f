#include "client/resume/paused_answer.h"

#include <utility>

namespace quire::client {

void PausedAnswer::Done(int page_number) {
  std::erase(missing_, page_number);
  missing_ranges_ = PageRanges(missing_);
}

absl::Status PausedAnswer::OnEvent(const v1::RecognizeResponse& event) {
  if (event.has_accepted()) {
    if (std::exchange(accepted_, true)) return absl::OkStatus();  // the first one speaks for all
    const auto selected = SelectedPages(missing_ranges_, event.accepted().document_pages());
    if (selected.has_value()) missing_ = *selected;
    missing_ranges_ = PageRanges(missing_);
  }
  v1::RecognizeResponse changed = event;
  if (event.has_page_result()) {
    sum_.set_pages_read(sum_.pages_read() + 1);
    sum_.set_output_tokens(sum_.output_tokens() + event.page_result().output_tokens());
    Done(event.page_result().page_number());
  } else if (event.has_page_failed()) {
    sum_.set_pages_failed(sum_.pages_failed() + 1);
    Done(event.page_failed().page_number());
  } else if (event.has_summary()) {
    changed.mutable_summary()->set_pages_read(sum_.pages_read());
    changed.mutable_summary()->set_pages_failed(sum_.pages_failed());
    changed.mutable_summary()->set_output_tokens(sum_.output_tokens());
  }
  return on_event_(changed);
}

}  // namespace quire::client
