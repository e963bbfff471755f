#pragma once

namespace quire {

// registry.json, as it was when this was built.
extern const char kRegistryText[];

}  // namespace quire
