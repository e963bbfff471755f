#pragma once

#include <string>
#include <string_view>

#include "client/shell/command_description.h"

namespace quire::client {

// quire(1), as man's macros write it.
//   ending  what follows the commands: exit codes, a list of lines
std::string WriteManPage(const CommandDescription& program, std::string_view version,
                         std::string_view ending);

}  // namespace quire::client
