#include "client/config_description.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace quire::client {
namespace {

// The parser writes the values of an IsMember check as "TEXT:{use,compare}".
std::vector<std::string> ValuesOf(const std::string& type_name) {
  const size_t begin = type_name.find('{');
  const size_t end = type_name.rfind('}');
  if (begin == std::string::npos || end == std::string::npos || end <= begin) return {};
  return absl::StrSplit(type_name.substr(begin + 1, end - begin - 1), ',');
}

FlagDescription DescribeFlag(const CLI::Option& option) {
  FlagDescription flag{.values = ValuesOf(option.get_type_name()),
                       .takes_value = option.get_items_expected_max() > 0,
                       .variable = option.get_envname(),
                       .help = option.get_description()};
  for (const std::string& name : option.get_lnames()) flag.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) flag.names.push_back("-" + name);
  return flag;
}

}  // namespace

CommandDescription Describe(const CLI::App& app) {
  CommandDescription command{.name = app.get_name(), .help = app.get_description()};
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) {
      command.takes_files = command.takes_files || option->get_name(true) == "FILE";
    } else {
      command.flags.push_back(DescribeFlag(*option));
    }
  }
  for (const CLI::App* subcommand : app.get_subcommands([](const CLI::App*) { return true; })) {
    command.subcommands.push_back(Describe(*subcommand));
  }
  return command;
}

}  // namespace quire::client
