// Writes what a writer makes of a made-up document to standard output.
//
//   quire_client_made_up hocr PAGES
//   quire_client_made_up report PAGES
//   quire_client_made_up evaluation CANDIDATES
//
// Page 2 tries to break out of it, every hundredth page fails.

#include <cstdio>
#include <cstdlib>
#include <string>

#include "client/evaluate/report.h"
#include "client/output.h"
#include "client/report/report.h"
#include "client/text_sink.h"
#include "tests/client/answers.h"

namespace quire::client {
namespace {

constexpr char kHostile[] =
    "<script>window.hacked=1</script><img src=x onerror=\"window.hacked=1\">\n\n"
    "[click](javascript:window.hacked=1) <a href=\"http://example.com/\">x</a> --> ]]> </section>\n\n"
    "<svg/onload=window.hacked=1> <style>*{display:none}</style> <base href=\"http://example.com/\">";

v1::RecognizeResponse MadeUpPage(int page) {
  if (page == 2) {
    return PageWithBlocks(page, {{"\"><script>window.hacked=1</script>", kHostile},
                                 {"table", "<table><tr><td><img src=x onerror=window.hacked=1></td>"
                                           "<td onclick=\"window.hacked=1\">1</td></tr></table>"},
                                 {"image", ""}});
  }
  const std::string number = std::to_string(page);
  std::vector<std::pair<std::string, std::string>> blocks = {{"title", "# Chapter " + number}};
  for (int i = 0; i < 12; ++i) {
    std::string text = "Paragraph " + std::to_string(i) + " of page " + number + ".";
    for (int j = 0; j < 5; ++j) text += " The clock above the harbour ran four minutes fast.";
    blocks.push_back({"text", text});
  }
  blocks.push_back({"equation", R"(\[ E_1 = m_1 \cdot c^2 < \frac{a}{b} \])"});
  blocks.push_back({"table", "<table><tr><td>Month</td><td>Rain</td></tr><tr><td>May</td><td>" +
                                 number + "</td></tr></table>"});
  auto event = PageWithBlocks(page, blocks);
  auto& seconds = *event.mutable_page_result()->mutable_seconds();
  seconds.set_vision(0.8);
  seconds.set_prefill(0.2);
  seconds.set_queue(0.1 * (page % 10));
  return event;
}

int Write(const std::string& kind, int pages) {
  const auto sink = MakeStdoutSink();
  const auto writer = MakeDocumentWriter(
      {.format = kind == "report" ? OutputFormat::kMarkdown : OutputFormat::kHocr,
       .document_name = "made <up>.pdf"},
      *sink);
  Report report(MakeStdoutSink());
  // The report's document hands on what it gets: nobody reads that here.
  struct Nobody : TextSink {
    absl::Status Write(std::string_view) override { return absl::OkStatus(); }
    absl::StatusOr<std::string> Commit(bool) override { return std::string(); }
  } nobody;
  const auto unread = MakeDocumentWriter({}, nobody);
  const auto document = report.AddDocument("made <up>.pdf", 0, *unread);
  DocumentWriter& target = kind == "report" ? *document : *writer;
  absl::Status status = target.OnEvent(Accepted(pages));
  for (int page = 1; page <= pages; ++page) {
    status.Update(target.OnEvent(page % 100 == 0 ? Failed(page, absl::InternalError("too <large>"))
                                                 : MadeUpPage(page)));
  }
  status.Update(target.OnEvent(Summary(pages - pages / 100, pages / 100)));
  status.Update(target.OnEnd(absl::OkStatus()));
  if (kind == "report") status.Update(report.Close().status());
  return status.ok() ? 0 : 1;
}

// Each candidate is half as fast as the one before; the second one tries to break out, the last one
// was not measured.
int WriteEvaluation(int candidates) {
  EvaluationReport report{.machine = "a machine",
                          .quire_version = "1",
                          .data_folder = "data",
                          .task = "markdown",
                          .runs = 3,
                          .recommendation = "candidate 1: <fastest>"};
  double seconds = 0.5;
  for (int i = 1; i <= candidates; ++i, seconds *= 2) {
    CandidateResult candidate{.name = i == 2 ? kHostile : "candidate " + std::to_string(i)};
    if (i == candidates) {
      candidate.failure = "no such model: quire models pull it";
    } else {
      candidate.device = "cpu";
      candidate.simple_seconds = Spread{seconds, seconds * 0.9, seconds * 1.2};
      candidate.host_bytes = 1'000'000'000;
      candidate.device_bytes = 6'700'000'000;
      candidate.pages = {ScorePage("page", "a truth of words", "a truth of birds")};
      candidate.notes = {kHostile};
    }
    report.candidates.push_back(candidate);
  }
  return MakeStdoutSink()->Write(FormatReport(report, ReportFormat::kHtml)).ok() ? 0 : 1;
}

}  // namespace
}  // namespace quire::client

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  if (std::string(argv[1]) == "evaluation")
    return quire::client::WriteEvaluation(std::atoi(argv[2]));
  return quire::client::Write(argv[1], std::atoi(argv[2]));
}
