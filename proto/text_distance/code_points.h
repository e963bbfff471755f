#pragma once

#include <string>
#include <string_view>

namespace quire {

// UTF-8 as code points; each byte that is no part of a character becomes U+FFFD.
std::u32string ToCodePoints(std::string_view text);

std::string ToUtf8(std::u32string_view points);

}  // namespace quire
