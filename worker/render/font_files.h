#pragma once

#include <string>
#include <vector>

namespace quire::render {

// The files of all fonts that fontconfig knows, links followed: those in a font folder are often
// links to elsewhere, which a sandbox has to allow too. After FcInit(), before the sandbox is
// entered.
std::vector<std::string> FontFiles();

}  // namespace quire::render
