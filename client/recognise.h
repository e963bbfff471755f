#pragma once

#include "client/config.h"
#include "client/document_reading.h"
#include "client/exit_code.h"
#include "client/interrupt.h"
#include "client/ocr_client.h"

namespace quire::client {

// `quire recognise`: reads the documents one after another, goes on after one that failed, stops
// when the user cancels, when nobody reads standard output, or when no server answers. Says on
// standard error what failed.
//   returns  the worst of the documents' exit codes
ExitCode Recognise(const RecogniseConfig& config, const Terminals& terminals, OcrClient& client,
                   Interrupt& interrupt);

}  // namespace quire::client
