#pragma once

#include "absl/status/status.h"
#include "client/evaluate/evaluate_config.h"

namespace CLI {
class App;
}

namespace quire::client {

// Adds `evaluate` with its `import`; `config` holds what was said once `app` has parsed. Returns
// the command.
CLI::App* AddEvaluateCommand(CLI::App& app, EvaluateConfig& config);

// InvalidArgument names the flag, its value and what is possible.
absl::Status ValidateEvaluate(const EvaluateConfig& config);

}  // namespace quire::client
