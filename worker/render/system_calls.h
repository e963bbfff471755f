#pragma once

#include "absl/status/status.h"

namespace quire::render {

// From here on this process may make only the system calls that drawing needs, every other one ends it
// (SIGSYS). PR_SET_NO_NEW_PRIVS must be set. Unimplemented when the kernel has no seccomp;
// FailedPrecondition when it fails.
absl::Status RestrictSystemCalls();

}  // namespace quire::render
