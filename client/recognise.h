#pragma once

#include "client/config.h"
#include "client/exit_code.h"
#include "client/interrupt.h"
#include "client/ocr_client.h"

namespace quire::client {

// Which of the standard streams are terminals.
struct Terminals {
  bool stdout_is_terminal = false;
  bool stderr_is_terminal = false;  // that can redraw a line
  bool can_redraw = false;          // TERM says that terminals here can
};

// `quire recognise`: reads the documents one after another, goes on after one that failed, stops
// when the user cancels, when nobody reads standard output, or when no server answers. Says on
// standard error what failed.
//   returns  the worst of the documents' exit codes
ExitCode Recognise(const RecogniseConfig& config, const Terminals& terminals, OcrClient& client,
                   Interrupt& interrupt);

}  // namespace quire::client
