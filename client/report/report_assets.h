#pragma once

#include <string>

namespace quire::client {

// The head of the report up to <body>, with its style sheet. The policy in it lets nothing run and
// nothing load but this style sheet, the script of ReportEnd and pictures inside the file.
std::string ReportBegin();

// The script, and the end of the file.
std::string ReportEnd();

}  // namespace quire::client
