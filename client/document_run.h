#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/output.h"
#include "client/progress.h"
#include "quire/v1/ocr.pb.h"

namespace quire::client {

// What a document's answer has brought so far, told to the writer and to standard error as it
// comes. One thread at a time.
class DocumentRun {
 public:
  struct Options {
    std::string name;               // any bytes
    bool stdout_is_terminal = false;
    bool stream = false;            // text is printed while pages are read
    bool quiet = false;
  };

  // `writer` and `progress` outlive it.
  DocumentRun(Options options, DocumentWriter& writer, Progress& progress);

  // The writer's errors, or INTERNAL when the server breaks its promise of one result for a page.
  absl::Status OnEvent(const v1::RecognizeResponse& event);

  bool accepted() const { return accepted_; }
  int pages_done() const { return pages_read_ + pages_failed_; }
  int pages_failed() const { return pages_failed_; }
  int selected_pages() const { return selected_pages_; }
  const std::optional<v1::DocumentSummary>& summary() const { return summary_; }

 private:
  absl::Status OnPageDone(int page_number);

  const Options options_;
  DocumentWriter& writer_;
  Progress& progress_;
  bool accepted_ = false;
  int selected_pages_ = 0;
  int pages_read_ = 0;
  int pages_failed_ = 0;
  std::vector<bool> done_;  // by page number
  std::optional<v1::DocumentSummary> summary_;
};

}  // namespace quire::client
