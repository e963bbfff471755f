#pragma once

#include <string>

#include "client/page_choice.h"

namespace quire::client {

// `quire trace`.
struct TraceConfig {
  std::string file;         // FILE; "-" is standard input
  std::string output_file;  // --output-file; standard output when empty
  PageChoice choice;
};

}  // namespace quire::client
