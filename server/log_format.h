#pragma once

#include <string>

namespace quire::server {

// Sends the program's log to stderr, as lines of text ("plain") or of JSON ("json").
void SetUpLog(const std::string& format);

}  // namespace quire::server
