#pragma once

#include <string>

#include "client/exit_code.h"
#include "client/interrupt.h"
#include "client/profile/profile_config.h"
#include "proto/access.h"

namespace quire::client {

// Whom `quire profile` measures.
struct ProfileTarget {
  std::string address;         // of a running server; empty: it starts its own
  AccessFiles access;
  bool show_progress = false;  // standard error is a terminal
};

// `quire profile`: reads the page set as it is and in other ways, prints where the time goes and
// which ways help. A setting that fails is a row that says so.
ExitCode RunProfile(const ProfileConfig& config, const ProfileTarget& target, Interrupt& interrupt);

}  // namespace quire::client
