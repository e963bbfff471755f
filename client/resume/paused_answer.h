#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "client/resume/resumed_answer.h"
#include "quire/v1/ocr.pb.h"

namespace quire::client {

// Makes one answer of several calls for a document, where the user paused in between: a call that
// was cancelled is followed by one for the pages that it had not answered yet. One thread at a
// time.
class PausedAnswer {
 public:
  //   page_ranges  of the first call
  PausedAnswer(std::string page_ranges, ResumedAnswer::OnEventFunction on_event)
      : missing_ranges_(std::move(page_ranges)), on_event_(std::move(on_event)) {}

  // The next message of the call that runs. Errors of on_event.
  absl::Status OnEvent(const v1::RecognizeResponse& event);
  // What the next call is to ask for.
  const std::string& missing_ranges() const { return missing_ranges_; }
  // Whether a call may end here and another go on.
  bool may_pause() const { return accepted_ && !missing_ranges_.empty(); }

 private:
  void Done(int page_number);

  std::string missing_ranges_;  // empty: every page of the document, or, once accepted, none
  const ResumedAnswer::OnEventFunction on_event_;
  bool accepted_ = false;
  std::vector<int> missing_;  // ascending
  v1::DocumentSummary sum_;   // pages of all calls; the rest of those that were paused is unknown
};

}  // namespace quire::client
