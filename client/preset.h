#pragma once

#include <string>
#include <vector>

#include "client/config.h"

namespace quire::client {

// Names of the presets: task, mode and token cap for a kind of page.
std::vector<std::string> PresetNames();

// Each preset and what it stands for, for --help.
std::string PresetHelp();

// Fills in what `config.preset` says, where the user has said nothing. No preset, or an unknown
// one, changes nothing.
void ApplyPreset(RecogniseConfig& config);

}  // namespace quire::client
