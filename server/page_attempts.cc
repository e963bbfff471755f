#include "server/page_attempts.h"

namespace quire::server {
namespace {

constexpr int kMaxLossesAlone = 2;

}  // namespace

PageAttempts::Verdict PageAttempts::OnWorkerLost() {
  if (!alone_) {
    alone_ = true;
    return Verdict::kTryAgain;
  }
  ++losses_alone_;
  ++failures_;
  if (losses_alone_ >= kMaxLossesAlone) return Verdict::kKillsWorkers;
  return failures_ >= max_failures_ ? Verdict::kGiveUp : Verdict::kTryAgain;
}

PageAttempts::Verdict PageAttempts::OnFailed() {
  ++failures_;
  return failures_ >= max_failures_ ? Verdict::kGiveUp : Verdict::kTryAgain;
}

}  // namespace quire::server
