#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace quire::render {

// Takes every right on files from this process for good, but to read the `readable` files and what
// lies in the `readable` folders (those that are not there are left out); and, where the kernel can,
// to use TCP and to signal processes outside. PR_SET_NO_NEW_PRIVS must be set. Unimplemented when the
// kernel has no landlock or it is switched off; FailedPrecondition when it fails.
absl::Status RestrictFiles(const std::vector<std::string>& readable);

}  // namespace quire::render
