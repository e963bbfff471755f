#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/interrupt.h"
#include "client/models/models_config.h"

namespace quire::client {

// What a pull came to.
struct Pulled {
  std::string folder;      // complete, and every file's digest right
  bool was_there = false;  // nothing had to be fetched
  uint64_t bytes = 0;      // of all files
};

// Fetches a model into Quire's cache: asks the hub for the revision's commit, looks whether a cache
// has it, checks the disk's space, fetches all files in parallel, and makes the snapshot appear in
// one step. A pull that was cut off is continued. The hub's errors (see hub.h); FileError;
// InvalidArgument: no model on a hub; FailedPrecondition: no space, HF_ENDPOINT; Aborted: another
// pull of this model runs.
//   show_progress  one line on standard error
absl::StatusOr<Pulled> Pull(const ModelsConfig& config, bool show_progress,
                            const Interrupt& interrupt);

}  // namespace quire::client
