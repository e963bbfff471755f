#include "client/evaluate/protocol.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/exit_code.h"
#include "client/page_format.h"
#include "proto/status.h"

namespace quire::client {
namespace {

bool EndsAll(const absl::Status& status) {
  const ExitCode code = ExitCodeFor(status);
  return code == kExitNoServer || code == kExitCancelled;
}

// Scores the document's pages; truths without a page are said and count as unread.
void Score(const DataDocument& document, const DocumentReading& reading, bool refused,
           CandidateResult& result) {
  result.pages_read += static_cast<int>(reading.pages.size());
  const size_t unread = refused ? std::max<size_t>(document.truths.size(), 1)
                                : reading.failures.size();
  result.pages_failed += static_cast<int>(unread);
  for (const std::string& failure : reading.failures) {
    result.notes.push_back(absl::StrCat(Printable(document.name), ": ", failure));
  }
  for (const auto& [page, truth] : document.truths) {
    const auto read = reading.pages.find(page);
    const bool is_there = read != reading.pages.end();
    const std::string name =
        document.is_pdf ? absl::StrCat(document.name, ", page ", page) : document.name;
    const int pages = static_cast<int>(reading.pages.size() + reading.failures.size());
    if (!is_there && !refused && page > pages) {
      result.notes.push_back(absl::StrCat(Printable(document.name), ": the truth of page ", page,
                                          " has no page: the document has ", pages));
      ++result.pages_failed;
    }
    result.pages.push_back(ScorePage(name, truth, is_there ? read->second : ""));
  }
}

}  // namespace

absl::Status RunProtocol(const DataSet& data, int runs, DocumentReader& reader,
                         const std::function<void(const std::string&)>& say,
                         CandidateResult& result) {
  const auto warm_up = reader.Read(data.documents[data.simple_index.value_or(0)]);
  if (EndsAll(warm_up.status())) return warm_up.status();
  for (size_t i = 0; i < data.documents.size(); ++i) {
    const DataDocument& document = data.documents[i];
    const bool timed = data.simple_index == i || data.complex_index == i || data.pdf_index == i;
    say(absl::StrCat("reading ", Printable(document.name)));
    DocumentReading last;
    std::vector<double> seconds;
    bool refused = false;
    for (int run = 0; run < (timed ? runs : 1) && !refused; ++run) {
      auto reading = reader.Read(document);
      if (EndsAll(reading.status())) return reading.status();
      refused = !reading.ok();
      if (refused) {
        result.notes.push_back(absl::StrCat(Printable(document.name), ": ",
                                            Printable(std::string(reading.status().message()))));
        break;
      }
      last = *std::move(reading);
      seconds.push_back(last.seconds);
    }
    Score(document, refused ? DocumentReading() : last, refused, result);
    // Times of pages that were not read would look good.
    if (refused || !last.failures.empty() || last.pages.empty()) continue;
    const Spread spread = SpreadOf(std::move(seconds));
    if (data.simple_index == i) result.simple_seconds = spread;
    if (data.complex_index == i) result.complex_seconds = spread;
    if (data.pdf_index != i) continue;
    const auto pages = static_cast<double>(last.pages.size());
    result.pdf_seconds = spread;
    result.pdf_page_seconds = Spread{.median = spread.median / pages,
                                     .least = spread.least / pages,
                                     .most = spread.most / pages};
  }
  return absl::OkStatus();
}

}  // namespace quire::client
