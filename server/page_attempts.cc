#include "server/page_attempts.h"

#include <utility>

namespace quire::server {
namespace {

constexpr int kMaxLossesAlone = 2;

}  // namespace

PageAttempts::Verdict PageAttempts::OnWorkerLost(bool may_be_to_blame) {
  if (!alone_) {
    alone_ = true;
    return Verdict::kTryAgain;
  }
  if (may_be_to_blame) ++losses_alone_;
  ++failures_;
  if (losses_alone_ >= kMaxLossesAlone) return Verdict::kKillsWorkers;
  return failures_ >= max_failures_ ? Verdict::kGiveUp : Verdict::kTryAgain;
}

PageAttempts::Verdict PageAttempts::OnOutOfMemory() {
  return std::exchange(alone_, true) ? OnFailed() : Verdict::kTryAgain;
}

PageAttempts::Verdict PageAttempts::OnFailed() {
  ++failures_;
  return failures_ >= max_failures_ ? Verdict::kGiveUp : Verdict::kTryAgain;
}

}  // namespace quire::server
