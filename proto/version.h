#pragma once

namespace quire {

// Version of Quire, as in CMakeLists.txt, e.g. "0.1.0".
inline constexpr char kVersion[] = QUIRE_VERSION;

}  // namespace quire
