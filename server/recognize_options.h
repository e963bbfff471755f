#pragma once

#include <span>

#include "absl/status/status.h"
#include "quire/v1/ocr.pb.h"

namespace quire::server {

// Whether a model can read a document with these options: its key, mode and task.
bool CanRead(const quire::v1::ModelInfo& model, const quire::v1::RecognizeOptions& options);

// Checks what a client asks for against the limits that the proto states and the models at hand.
// InvalidArgument names the field, its value and what is allowed; reasons INVALID_OPTION,
// INVALID_PAGE_RANGES, UNKNOWN_MODEL, UNKNOWN_MODE, UNKNOWN_TASK.
absl::Status CheckOptions(const quire::v1::RecognizeOptions& options,
                          std::span<const quire::v1::ModelInfo> models);

}  // namespace quire::server
