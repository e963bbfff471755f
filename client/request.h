#pragma once

#include "absl/status/statusor.h"
#include "client/config.h"
#include "quire/v1/ocr.pb.h"

namespace quire::client {

// What the server is asked for; reads the password file.
// FileError when that cannot be read, kExitUsage for a word that the API does not know.
absl::StatusOr<v1::RecognizeOptions> MakeRequestOptions(const RecogniseConfig& config);

}  // namespace quire::client
