#include "server/restart_policy.h"

#include <algorithm>
#include <utility>

namespace quire::server {

RestartPolicy::Clock::time_point RestartPolicy::OnEnded(Clock::time_point now) {
  if (now - started_ >= stable_) {
    wait_ = std::chrono::seconds(0);
    next_ = std::chrono::seconds(1);
  }
  const Clock::time_point at = now + wait_;
  const std::chrono::seconds sum = std::min<std::chrono::seconds>(wait_ + next_, kLongestWait);
  wait_ = std::exchange(next_, sum);
  return at;
}

RestartPolicy::Clock::time_point RestartPolicy::OnUseless(Clock::time_point now) {
  return now + kLongestWait;
}

}  // namespace quire::server
