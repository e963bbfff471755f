#pragma once

#include <optional>

#include "absl/status/status.h"

namespace quire::client {

// Seconds that the server asks to wait before another try; nothing when trying again is no use.
// Only RESOURCE_EXHAUSTED and UNAVAILABLE with a RetryInfo are tried again.
std::optional<double> RetryAfterSeconds(const absl::Status& status);

// Seconds to wait before try number `attempt` + 1.
//   asked    what the server asked for
//   attempt  tries so far, from 1; each one waits half as long again as the one before
//   jitter   0 to 1; spreads clients over a quarter of the wait
//   returns  0.05 to 30
double BackOffSeconds(double asked, int attempt, double jitter);

}  // namespace quire::client
