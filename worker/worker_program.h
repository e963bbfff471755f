#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "worker/config.h"
#include "worker/engine/page_reader.h"

namespace quire::worker {

using ReaderFactory =
    std::function<absl::StatusOr<std::unique_ptr<PageReader>>(const Config& config)>;

// The program around a reader: flags, log, signals, the shared arena and the link to the front.
// SIGTERM and SIGINT end it. Returns the exit code.
int RunWorkerProgram(int argc, const char* const* argv, const ReaderFactory& open_reader);

}  // namespace quire::worker
