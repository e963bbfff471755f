#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace quire::client {

// How `quire` ends; kExitCodeHelp says what each means.
enum ExitCode : int {
  kExitOk = 0,
  kExitInternal = 1,
  kExitUsage = 2,
  kExitFile = 3,
  kExitRefused = 4,
  kExitPagesFailed = 5,
  kExitNoServer = 6,
  kExitBusy = 7,
  kExitModel = 8,
  kExitCancelled = 130,
  kExitPipeClosed = 141,
};

// The list for --help.
inline constexpr std::string_view kExitCodeHelp =
    "Exit codes:\n"
    "  0    every page was read\n"
    "  1    an internal error, or --timeout-seconds passed\n"
    "  2    the command line is wrong\n"
    "  3    a file could not be read or written\n"
    "  4    the server refused the document\n"
    "  5    some pages failed\n"
    "  6    no server could be reached, or it went away\n"
    "  7    the server stayed busy\n"
    "  8    a model is missing, damaged or not to be had (quire models)\n"
    "  130  cancelled by Ctrl-C or SIGTERM\n"
    "  141  the reader of standard output went away\n"
    "With several documents the exit code is the first of 130, 141, 1, 6, 7, 3, 4, 5 that any of\n"
    "them had.\n";

// `status` marked so that ExitCodeFor gives `code`; for what happens on this machine.
absl::Status WithExitCode(absl::Status status, ExitCode code);

// The code for a status: its mark, else by the status code of the server's answer.
ExitCode ExitCodeFor(const absl::Status& status);

// Says on standard error what went wrong, if anything did that somebody can still read: the end of
// a command. Returns its code.
ExitCode SayOutcome(const absl::Status& status);

// The one of two that the process ends with, in the order of kExitCodeHelp.
ExitCode Worse(ExitCode a, ExitCode b);

// A file on this machine failed: "cannot read PATH: No such file or directory". kExitFile.
//   doing  "read", "write", ...
absl::Status FileError(std::string_view doing, std::string_view path, int error_number);
// The user cancelled. kExitCancelled.
absl::Status InterruptedError();
// Whoever read standard output closed it. kExitPipeClosed.
absl::Status PipeClosedError();

}  // namespace quire::client
