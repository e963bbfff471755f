#pragma once

#include <string>

namespace quire::client {

// The machine that this program runs on, in one line: processor, cores, memory, system. What the
// system does not tell is left out.
std::string DescribeMachine();

}  // namespace quire::client
