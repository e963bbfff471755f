#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/bench/bench_run.h"
#include "client/json_format.h"

namespace quire::client {

// A run as client/README.md describes it: figures for people and scripts, and the samples that a
// later comparison draws from.
Json BenchToJson(const BenchRun& run);

// Such a run from a file. FileError; InvalidArgument when the file holds no bench of a version that
// this program knows.
absl::StatusOr<BenchRun> ReadBench(const std::string& path);

}  // namespace quire::client
