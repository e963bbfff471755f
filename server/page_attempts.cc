#include "server/page_attempts.h"

#include <utility>

namespace quire::server {
namespace {

constexpr int kMaxLossesAlone = 2;
constexpr int kLossesWaitingToAFailure = 4;

}  // namespace

PageAttempts::Verdict PageAttempts::OnWorkerLost(bool may_be_to_blame) {
  if (!alone_) {
    alone_ = true;
    return Verdict::kTryAgain;
  }
  if (!may_be_to_blame) {
    return ++losses_waiting_ >= kLossesWaitingToAFailure * max_failures_ ? Verdict::kGiveUp
                                                                         : Verdict::kTryAgain;
  }
  if (++losses_alone_ >= kMaxLossesAlone) return Verdict::kKillsWorkers;
  return OnFailed();
}

PageAttempts::Verdict PageAttempts::OnOutOfMemory() {
  return std::exchange(alone_, true) ? OnFailed() : Verdict::kTryAgain;
}

PageAttempts::Verdict PageAttempts::OnFailed() {
  ++failures_;
  return failures_ >= max_failures_ ? Verdict::kGiveUp : Verdict::kTryAgain;
}

}  // namespace quire::server
