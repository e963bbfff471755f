#pragma once

#include "client/config.h"
#include "client/exit_code.h"
#include "client/interrupt.h"
#include "client/recognise.h"

namespace quire::client {

// `quire watch` and `quire status --watch`: on a terminal a live view of all fronts until Ctrl-C,
// which is its normal end (0); else, and with --json, a line for each state of each front.
ExitCode RunWatch(const Config& config, const Terminals& terminals, Interrupt& interrupt);

}  // namespace quire::client
