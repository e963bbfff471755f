#pragma once

#include <map>
#include <optional>
#include <string>

#include "client/output.h"

namespace quire::client {

// Writes text while pages are read. Several pages are read at once, but one is shown at a time:
// the others wait in memory until it is their turn. A page that is tried again begins anew under
// a heading that says so.
class StreamWriter : public DocumentWriter {
 public:
  StreamWriter(OutputOptions options, TextSink& sink);

  absl::Status OnEvent(const v1::RecognizeResponse& event) override;
  absl::Status OnEnd(const absl::Status& outcome) override;

 private:
  // A page that was announced and is not shown to its end yet.
  struct Page {
    int attempt = 1;
    std::string note;       // for the heading
    std::string text;       // of this attempt
    size_t shown_bytes = 0;
    bool heading_due = true;
    bool ended = false;
  };

  void Restart(Page& page, int attempt);
  void Finish(const v1::PageResult& result);
  // Shows what can be shown.
  absl::Status Show();
  // Shows the new text of one page.
  absl::Status ShowPage(int page_number, Page& page);

  const OutputOptions options_;
  TextSink& sink_;
  std::map<int, Page> pages_;
  std::optional<int> shown_page_;  // key of pages_
  bool at_line_start_ = true;
};

}  // namespace quire::client
