#pragma once

#include "absl/status/status.h"
#include "client/models/models_config.h"

namespace CLI {
class App;
}

namespace quire::client {

// Adds `models` with its commands; `config` holds what was said once `app` has parsed, and the
// folders, hub and token of the environment. Returns the command.
const CLI::App* AddModelsCommand(CLI::App& app, ModelsConfig& config);

// InvalidArgument names the flag, its value and what is possible.
absl::Status ValidateModels(const ModelsConfig& config);

}  // namespace quire::client
