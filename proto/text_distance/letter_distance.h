#pragma once

#include <string>
#include <string_view>

namespace quire {

// Letters and digits of UTF-8 text as code points, ligatures taken apart. White space, punctuation
// and symbols are left out, so that two texts compare equal however they break lines and set
// quotes.
std::u32string Letters(std::string_view text);

// Edits between the letters and digits of two texts, over the longer of both: 0 equal, 1 nothing in
// common; 0 where neither has any. No more than kComparedLetters of each are looked at.
inline constexpr size_t kComparedLetters = 20'000;
double LetterDistance(std::string_view a, std::string_view b);

}  // namespace quire
