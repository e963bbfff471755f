#pragma once

#include <string>
#include <string_view>

#include "client/shell/command_description.h"

namespace quire::client {

// A script that completes commands, flags, their values and files in a shell.
//   shell  bash, zsh or fish
std::string WriteCompletion(std::string_view shell, const CommandDescription& program);

}  // namespace quire::client
