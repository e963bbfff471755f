#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace quire::server {

// The folder of a model. A folder is taken as it is; a key is looked for in `models_dir` and, in the
// folders above `program_folder`, in fixtures/models and share/quire/models. NotFound lists where it
// was looked for.
absl::StatusOr<std::string> FindModelFolder(const std::string& model,
                                            const std::string& models_dir,
                                            const std::string& program_folder);

}  // namespace quire::server
