#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/bench/bench_run.h"

namespace quire::client {

// A part of something and how much of it, 0 to 1.
struct Share {
  std::string name;
  double part = 0;
};

// Stages in which pages were worked on (all but upload and queue), the largest first.
std::vector<Share> StageShares(const BenchRun& run);

// Parts of decode steps, the largest first; empty where no worker timed its steps. What no part is
// counts as "host gap" on a device, which waits in it, and as "other" on a CPU.
std::vector<Share> DecodeShares(const BenchRun& run);

// One line: "decode 71 %, of which experts 41 %, attention 22 %, host gap 8 %; pages waited for 63 %
// of their time". Percentages of parts are of the whole, as the stage's is.
std::string BottleneckLine(const BenchRun& run);

// What was timed between two looks at a server; nothing where no worker times its steps.
std::optional<v1::DecodeProfile> DecodeBetween(const v1::GetServerInfoResponse& before,
                                               const v1::GetServerInfoResponse& after);

}  // namespace quire::client
