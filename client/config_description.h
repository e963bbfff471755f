#pragma once

#include "client/shell/command_description.h"

namespace CLI {
class App;
}

namespace quire::client {

// What a parser takes, in the order in which it was told.
CommandDescription Describe(const CLI::App& app);

}  // namespace quire::client
