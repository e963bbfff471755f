#include "client/exit_code.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/page_format.h"

namespace quire::client {
namespace {

// No server can send it: FromProto keeps type.googleapis.com alone.
constexpr char kMarkUrl[] = "quire/client/exit-code";

constexpr std::array kFromWorst = {kExitCancelled, kExitPipeClosed,  kExitInternal, kExitUsage,
                                   kExitNoServer,  kExitBusy,        kExitFile,     kExitModel,
                                   kExitRefused,   kExitPagesFailed, kExitOk};

}  // namespace

absl::Status WithExitCode(absl::Status status, ExitCode code) {
  status.SetPayload(kMarkUrl, absl::Cord(absl::StrCat(static_cast<int>(code))));
  return status;
}

ExitCode ExitCodeFor(const absl::Status& status) {
  int marked = 0;
  const auto mark = status.GetPayload(kMarkUrl);
  if (mark.has_value() && absl::SimpleAtoi(std::string(*mark), &marked)) {
    return static_cast<ExitCode>(marked);
  }
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitOk;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return kExitRefused;
    case absl::StatusCode::kUnavailable:
      return kExitNoServer;
    case absl::StatusCode::kResourceExhausted:
      return kExitBusy;
    default:
      return kExitInternal;
  }
}

ExitCode SayOutcome(const absl::Status& status) {
  const ExitCode code = ExitCodeFor(status);
  if (code != kExitOk && code != kExitPipeClosed) {
    std::fprintf(stderr, "quire: %s\n", Printable(std::string(status.message())).c_str());
  }
  return code;
}

ExitCode Worse(ExitCode a, ExitCode b) {
  return *std::find_if(kFromWorst.begin(), kFromWorst.end(),
                       [&](ExitCode code) { return code == a || code == b; });
}

absl::Status FileError(std::string_view doing, std::string_view path, int error_number) {
  return WithExitCode(
      absl::UnknownError(absl::StrFormat("cannot %s %s: %s", doing, Printable(path),
                                         std::strerror(error_number))),
      kExitFile);
}

absl::Status InterruptedError() {
  return WithExitCode(absl::CancelledError("cancelled"), kExitCancelled);
}

absl::Status PipeClosedError() {
  return WithExitCode(absl::CancelledError("standard output was closed"), kExitPipeClosed);
}

}  // namespace quire::client
