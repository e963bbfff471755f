#pragma once

#include "client/evaluate/evaluate_config.h"
#include "client/exit_code.h"
#include "client/interrupt.h"
#include "proto/access.h"
#include "proto/checkpoint/find_model.h"

namespace quire::client {

// `quire evaluate`: measures one candidate after another, prints the comparison, says on standard
// error what went wrong. A model that is not on this machine is a row that says so.
//   access  of --servers
//   places  where models are looked for before a server is started
//   returns 0; 5 when pages were not read, 6 when a server was away, 8 when nothing but missing
//           models was asked for, 3 for files, 130, 141
ExitCode RunEvaluate(const EvaluateConfig& config, const AccessFiles& access,
                     const ModelPlaces& places, Interrupt& interrupt);

}  // namespace quire::client
