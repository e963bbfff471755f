#pragma once

#include "absl/status/statusor.h"
#include "client/bench/bench_config.h"
#include "client/bench/bench_run.h"
#include "client/bench/load.h"
#include "client/exit_code.h"
#include "client/interrupt.h"
#include "client/ocr_client.h"

namespace quire::client {

// `quire bench`: loads a server, prints to standard output what was measured.
//   show_progress  standard error is a terminal
ExitCode RunBench(const BenchConfig& config, bool show_progress, OcrClient& client,
                  Interrupt& interrupt);

// `quire bench --compare A --with B`: compares two runs without a server.
ExitCode CompareStoredRuns(const BenchConfig& config);

// One load on a server: what it runs, what it read, where decode steps spent their time.
//   on_page  sees each page that was measured, and its document's file; may be empty
absl::StatusOr<BenchRun> MeasureLoad(const BenchConfig& config, bool show_progress,
                                     OcrClient& client, Interrupt& interrupt,
                                     OnBenchPage on_page = nullptr);

}  // namespace quire::client
