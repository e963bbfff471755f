#include "client/bench/bench_command.h"

#include <cstdio>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/bench/bench_json.h"
#include "client/bench/bench_text.h"
#include "client/bench/bottleneck.h"
#include "client/bench/compare.h"
#include "client/evaluate/machine.h"
#include "client/page_format.h"
#include "client/text_sink.h"
#include "proto/status.h"

namespace quire::client {
namespace {

constexpr double kInfoTimeoutSeconds = 10;

std::string DescribeLoad(const BenchConfig& config) {
  std::string load = config.rate > 0
                         ? absl::StrFormat("%g documents a second", config.rate)
                         : absl::StrFormat("%d documents at once", config.concurrency);
  if (config.documents > 0) absl::StrAppend(&load, ", ", config.documents, " in all");
  return load;
}

void Describe(const v1::GetServerInfoResponse& info, BenchRun& run) {
  run.quire_version = info.version();
  for (const v1::WorkerInfo& worker : info.workers()) {
    run.workers.push_back(absl::StrCat(worker.model(), " on ", worker.device()));
    if (worker.device() != "cpu") run.on_host = false;
  }
}

// One line that is drawn again and again, on a terminal alone.
class CourseLine {
 public:
  CourseLine(bool visible, const BenchConfig& config) : visible_(visible), config_(config) {}
  ~CourseLine() {
    if (drawn_) std::fputs("\r\x1b[K", stderr);
  }
  void Draw(double seconds, int64_t pages) {
    if (!visible_) return;
    drawn_ = true;
    const std::string end = config_.documents > 0 ? "" : absl::StrFormat(" of %.0f", config_.seconds);
    std::fprintf(stderr, "\r\x1b[Kbench: %.0f%s s, %lld pages", seconds, end.c_str(),
                 static_cast<long long>(pages));
    std::fflush(stderr);
  }

 private:
  const bool visible_;
  const BenchConfig& config_;
  bool drawn_ = false;
};

absl::Status Print(const std::string& text) { return MakeStdoutSink()->Write(text); }

}  // namespace

absl::StatusOr<BenchRun> MeasureLoad(const BenchConfig& config, bool show_progress,
                                     OcrClient& client, Interrupt& interrupt,
                                     OnBenchPage on_page) {
  QUIRE_ASSIGN_OR_RETURN(const v1::RecognizeOptions options, OptionsFor(config.choice));
  QUIRE_ASSIGN_OR_RETURN(const v1::GetServerInfoResponse before,
                         client.GetServerInfo(kInfoTimeoutSeconds));
  BenchRun run{.machine = DescribeMachine(), .load = DescribeLoad(config)};
  Describe(before, run);
  {
    CourseLine line(show_progress, config);
    Load load(config, options, client, interrupt,
              {.on_course = [&](double seconds, int64_t pages) { line.Draw(seconds, pages); },
               .on_page = std::move(on_page)});
    QUIRE_RETURN_IF_ERROR(load.Run(run));
  }
  QUIRE_ASSIGN_OR_RETURN(const v1::GetServerInfoResponse after,
                         client.GetServerInfo(kInfoTimeoutSeconds));
  run.decode = DecodeBetween(before, after);
  return run;
}

ExitCode RunBench(const BenchConfig& config, bool show_progress, OcrClient& client,
                  Interrupt& interrupt) {
  std::optional<BenchRun> earlier;
  if (!config.compare.empty()) {  // a wrong file is said before the time is spent
    absl::StatusOr<BenchRun> read = ReadBench(config.compare);
    if (!read.ok()) return SayOutcome(read.status());
    earlier = *std::move(read);
  }
  const absl::StatusOr<BenchRun> run =
      MeasureLoad(config, show_progress && !config.quiet, client, interrupt);
  if (!run.ok()) return SayOutcome(run.status());
  Json json = config.json ? BenchToJson(*run) : Json();
  std::string text = config.json ? "" : FormatBench(*run);
  if (earlier.has_value()) {
    const std::vector<Change> changes = CompareRuns(*earlier, *run);
    json["compared"] = ChangesToJson(changes);
    text += FormatChanges(changes);
  }
  const ExitCode code = SayOutcome(Print(config.json ? Dump(json) + "\n" : text));
  if (code != kExitOk) return code;
  if (TotalsOf(*run).pages == 0) {
    return SayOutcome(absl::UnavailableError(
        "no page was read in the time that was measured: give more --seconds, or see the errors"));
  }
  return run->errors.empty() ? kExitOk : kExitPagesFailed;
}

ExitCode CompareStoredRuns(const BenchConfig& config) {
  const absl::StatusOr<BenchRun> before = ReadBench(config.compare);
  if (!before.ok()) return SayOutcome(before.status());
  const absl::StatusOr<BenchRun> after = ReadBench(config.with);
  if (!after.ok()) return SayOutcome(after.status());
  const std::vector<Change> changes = CompareRuns(*before, *after);
  return SayOutcome(Print(config.json ? Dump({{"compared", ChangesToJson(changes)}}) + "\n"
                                      : FormatChanges(changes)));
}

}  // namespace quire::client
