#pragma once

#include "client/exit_code.h"
#include "client/interrupt.h"
#include "client/ocr_client.h"
#include "client/trace/trace_config.h"

namespace quire::client {

// `quire trace`: reads a document and writes its timeline. One that did not end well is written as
// far as it came.
ExitCode RunTrace(const TraceConfig& config, OcrClient& client, Interrupt& interrupt);

}  // namespace quire::client
