#pragma once

#include "client/config.h"
#include "client/exit_code.h"
#include "client/interrupt.h"
#include "client/recognise.h"

namespace quire::client {

// Runs the command that `config` names, with a local server around it where that is asked for.
//   returns  the process's exit code; what went wrong was said on standard error
ExitCode RunCommand(const Config& config, const Terminals& terminals, Interrupt& interrupt);

}  // namespace quire::client
