#include "client/bench/bench_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/bench/bottleneck.h"
#include "client/page_format.h"
#include "client/summary.h"

namespace quire::client {
namespace {

std::string Line(std::string_view name, const std::vector<double>& samples) {
  const Percentiles found = PercentilesOf(samples);
  return absl::StrFormat("  %-12s %9.3f %9.3f %9.3f\n", name, found.p50, found.p90, found.p99);
}

}  // namespace

std::string FormatBench(const BenchRun& run) {
  const BenchTotals totals = TotalsOf(run);
  std::string text = absl::StrFormat(
      "quire-server %s, %s; %s for %s\n", Printable(run.quire_version),
      Printable(absl::StrJoin(run.workers, ", ")), run.load, FormatSeconds(run.seconds));
  absl::StrAppendFormat(&text, "%.2f pages a second, %.0f tokens a second; %d pages read, %d failed\n",
                        totals.pages_per_second, totals.tokens_per_second, totals.pages,
                        run.pages_failed);
  if (run.documents_cut > 0) {
    absl::StrAppendFormat(
        &text, "%d documents were cut off at the end of the time; their pages until then count\n",
        run.documents_cut);
  }
  absl::StrAppendFormat(&text, "  %-12s %9s %9s %9s\n", "seconds", "p50", "p90", "p99");
  absl::StrAppend(&text, Line("first page", FirstPageSeconds(run)), Line("page", PageSeconds(run)));
  const auto names = StageTimes({});
  for (size_t i = 0; i < names.size(); ++i) {
    std::vector<double> samples;
    for (const DocumentSample& document : run.documents) {
      for (const PageSample& page : document.pages) samples.push_back(page.stage_seconds[i]);
    }
    absl::StrAppend(&text, Line(names[i].name, samples));
  }
  std::vector<std::string> errors;
  for (const auto& [name, count] : run.errors) errors.push_back(absl::StrCat(name, " ", count));
  absl::StrAppend(&text, "errors: ", errors.empty() ? "none" : Printable(absl::StrJoin(errors, ", ")),
                  "\nbottleneck: ", BottleneckLine(run), "\n");
  return text;
}

}  // namespace quire::client
