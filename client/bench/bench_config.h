#pragma once

#include <string>
#include <vector>

#include "client/page_choice.h"

namespace quire::client {

// `quire bench`.
struct BenchConfig {
  std::vector<std::string> files;  // FILE...: what is sent
  std::vector<int> mix;            // --mix: how often each is sent; all alike when empty
  int concurrency = 4;             // --concurrency: documents at once
  double rate = 0;                 // --rate: documents that arrive a second; 0: --concurrency rules
  double seconds = 30;             // --seconds that are measured
  double warm_up_seconds = 3;      // --warm-up-seconds before them
  int documents = 0;               // --documents: send so many instead of counting seconds; 0: no
  PageChoice choice;
  bool json = false;               // --json
  std::string compare;             // --compare: an earlier run's JSON
  std::string with;                // --with: compares with this run's JSON instead of running
  bool quiet = false;              // --quiet
};

}  // namespace quire::client
