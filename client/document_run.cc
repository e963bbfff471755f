#include "client/document_run.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "client/page_format.h"
#include "proto/status.h"

namespace quire::client {

DocumentRun::DocumentRun(Options options, DocumentWriter& writer, Progress& progress)
    : options_(std::move(options)), writer_(writer), progress_(progress) {}

absl::Status DocumentRun::OnEvent(const v1::RecognizeResponse& event) {
  if (event.has_accepted()) {
    accepted_ = true;
    selected_pages_ = event.accepted().selected_pages();
    progress_.OnOpened(selected_pages_, event.accepted().pages_ahead());
  } else if (event.has_page_started() && event.page_started().attempt() > 1 && !options_.quiet) {
    progress_.Say(absl::StrFormat(
        "quire: %s: page %d is read again (attempt %d)%s\n", Printable(options_.name),
        event.page_started().page_number(), event.page_started().attempt(),
        options_.stream ? "; text printed for it so far no longer counts" : ""));
  } else if (event.has_page_result()) {
    ++pages_read_;
    if (event.page_result().finish_reason() == v1::FINISH_REASON_UNREADABLE && !options_.quiet) {
      progress_.Say(absl::StrFormat("quire: %s: page %d: %s; --raw shows what was written\n",
                                    Printable(options_.name), event.page_result().page_number(),
                                    UnreadableNote(!event.page_result().markdown().empty())));
    }
    QUIRE_RETURN_IF_ERROR(OnPageDone(event.page_result().page_number()));
  } else if (event.has_page_failed()) {
    ++pages_failed_;
    progress_.Say(absl::StrFormat("quire: %s: page %d was not read: %s\n",
                                  Printable(options_.name), event.page_failed().page_number(),
                                  Printable(event.page_failed().status().message())));
    QUIRE_RETURN_IF_ERROR(OnPageDone(event.page_failed().page_number()));
  } else if (event.has_summary()) {
    summary_ = event.summary();
    if (pages_done() != selected_pages_) {
      return absl::InternalError(
          absl::StrFormat("the server answered for %d of %d pages: a fault of the server",
                          pages_done(), selected_pages_));
    }
  }
  if (options_.stdout_is_terminal) progress_.Clear();
  return writer_.OnEvent(event);
}

absl::Status DocumentRun::OnPageDone(int page_number) {
  const size_t index = static_cast<size_t>(std::max(page_number, 0));
  if (page_number < 1 || (index < done_.size() && done_[index])) {
    return absl::InternalError(absl::StrFormat(
        "the server answered twice for page %d: a fault of the server", page_number));
  }
  if (done_.size() <= index) done_.resize(index + 1);
  done_[index] = true;
  progress_.OnPageDone();
  return absl::OkStatus();
}

}  // namespace quire::client
