#pragma once

#include "client/exit_code.h"
#include "client/interrupt.h"
#include "client/models/models_config.h"

namespace quire::client {

// `quire models list`, `show`, `verify` and `pull`.
//   stderr_is_terminal  whether a pull draws its progress
//   returns  the process's exit code; what went wrong was said on standard error
ExitCode RunModels(const ModelsConfig& config, bool stderr_is_terminal, const Interrupt& interrupt);

}  // namespace quire::client
