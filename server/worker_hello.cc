#include "server/worker_hello.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "proto/rich_status.h"

namespace quire::server {
namespace {

constexpr size_t kMaxNameBytes = 128;
constexpr int kMaxSlots = 1024;
constexpr int kMinLongSide = 16;
constexpr int kMaxLongSide = 16384;
constexpr double kMinDpi = 36;
constexpr double kMaxDpi = 1200;

absl::Status Invalid(const std::string& message) {
  return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_HELLO",
                   absl::StrCat("WorkerHello: ", message));
}

bool IsName(const std::string& text) {
  return !text.empty() && text.size() <= kMaxNameBytes &&
         std::all_of(text.begin(), text.end(), absl::ascii_isgraph);
}

}  // namespace

absl::Status CheckHello(const quire::worker::v1::WorkerHello& hello) {
  if (hello.protocol_version() != kWorkerProtocolVersion) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "PROTOCOL_VERSION",
                     absl::StrCat("the worker speaks version ", hello.protocol_version(),
                                  " of the attach protocol, this front speaks ",
                                  kWorkerProtocolVersion,
                                  "; run both from the same release of Quire"));
  }
  if (!IsName(hello.worker_id())) {
    return Invalid(absl::StrCat("worker_id must have 1 to ", kMaxNameBytes,
                                " printable characters without blanks"));
  }
  if (!IsName(hello.model().key())) {
    return Invalid(absl::StrCat("model.key must have 1 to ", kMaxNameBytes,
                                " printable characters without blanks"));
  }
  if (hello.slots() < 1 || hello.slots() > kMaxSlots) {
    return Invalid(absl::StrCat("slots is ", hello.slots(), "; 1 to ", kMaxSlots, " are allowed"));
  }
  if (hello.leased_slots() < 0 || hello.leased_slots() > hello.slots()) {
    return Invalid(absl::StrCat("leased_slots is ", hello.leased_slots(), "; 0 to slots (",
                                hello.slots(), ") are allowed"));
  }
  const int side = hello.render_long_side_px();
  const double dpi = hello.render_dpi();
  const bool by_side = side >= kMinLongSide && side <= kMaxLongSide && dpi == 0;
  const bool by_dpi = side == 0 && dpi >= kMinDpi && dpi <= kMaxDpi;
  if (!by_side && !by_dpi) {
    return Invalid(absl::StrCat("render_long_side_px is ", side, " and render_dpi ", dpi,
                                "; give one of them, ", kMinLongSide, " to ", kMaxLongSide,
                                " px or ", kMinDpi, " to ", kMaxDpi, " dpi"));
  }
  return absl::OkStatus();
}

}  // namespace quire::server
