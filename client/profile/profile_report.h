#pragma once

#include <string>
#include <vector>

#include "client/json_format.h"
#include "client/profile/setting.h"

namespace quire::client {

// What `quire profile` prints: where the time goes, every setting that was measured, and what helps.
std::string FormatProfile(const Measured& base, const std::vector<Measured>& others);
Json ProfileToJson(const Measured& base, const std::vector<Measured>& others);

}  // namespace quire::client
