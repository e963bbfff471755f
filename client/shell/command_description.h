#pragma once

#include <string>
#include <vector>

namespace quire::client {

// A flag, as the parser knows it.
struct FlagDescription {
  std::vector<std::string> names;   // "--format", "-f"; the long ones first
  std::vector<std::string> values;  // those that it takes, where it takes few
  bool takes_value = false;
  std::string variable;  // of the environment; empty where it has none
  std::string help;
};

// A command with its flags and subcommands: what help, completions and the man page are made of.
struct CommandDescription {
  std::string name;
  std::string help;
  bool takes_files = false;
  std::vector<FlagDescription> flags;
  std::vector<CommandDescription> subcommands;
};

}  // namespace quire::client
