#pragma once

#include <string>
#include <vector>

#include "client/page_choice.h"

namespace quire::client {

// `quire profile`.
struct ProfileConfig {
  std::vector<std::string> files;  // FILE...: the page set
  PageChoice choice;               // to start from
  int runs = 1;                    // --runs of each setting, 1 to 20
  bool json = false;               // --json
  bool quiet = false;              // --quiet
};

}  // namespace quire::client
