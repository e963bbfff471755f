#pragma once

#include <string>

#include "client/bench/bench_run.h"

namespace quire::client {

// What `quire bench` prints for people: rates, percentiles by stage, errors, and where the time goes.
std::string FormatBench(const BenchRun& run);

}  // namespace quire::client
