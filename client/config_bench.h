#pragma once

#include "absl/status/status.h"
#include "client/bench/bench_config.h"
#include "client/profile/profile_config.h"
#include "client/trace/trace_config.h"

namespace CLI {
class App;
}

namespace quire::client {

// Add `bench`, `trace` and `profile`, the commands that measure; each config holds what was said
// once `app` has parsed. They return the command.
CLI::App* AddBenchCommand(CLI::App& app, BenchConfig& config);
CLI::App* AddTraceCommand(CLI::App& app, TraceConfig& config);
CLI::App* AddProfileCommand(CLI::App& app, ProfileConfig& config);

// InvalidArgument names the flag, its value and what is possible.
absl::Status ValidateBench(const BenchConfig& config);
absl::Status ValidateTrace(const TraceConfig& config);
absl::Status ValidateProfile(const ProfileConfig& config);

}  // namespace quire::client
