#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "quire/v1/ocr.pb.h"

namespace quire::client {

// Messages of a server's answer, short enough for a test's line.
v1::RecognizeResponse Accepted(int pages);
v1::RecognizeResponse Started(int page, int attempt = 1);
v1::RecognizeResponse Delta(int page, const std::string& text, int attempt = 1);
// Markdown is `text`, plain text is "plain " + text, raw output is "raw " + text.
v1::RecognizeResponse Page(int page, const std::string& text);
// Without text, but with raw output.
v1::RecognizeResponse UnreadablePage(int page);
// 1000 x 1400 pixels; blocks of {label, text}, each 70 pixels high, one under another.
v1::RecognizeResponse PageWithBlocks(
    int page, const std::vector<std::pair<std::string, std::string>>& blocks);
v1::RecognizeResponse Failed(int page, const absl::Status& status);
// Two seconds for all; decode took 1.25 s.
v1::RecognizeResponse Summary(int pages_read, int pages_failed = 0);

// Pages "text 1", "text 2", ... with everything around them.
std::vector<v1::RecognizeResponse> WholeAnswer(int pages);

}  // namespace quire::client
