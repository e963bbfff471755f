#pragma once

#include <string>
#include <string_view>

namespace quire::client {

// `text` with every match of a Perl pattern (Unicode properties, ^ and $ at line ends) replaced;
// $1 in `replacement` is the first group.
//   text     valid UTF-8
//   pattern  of this program; a pattern that does not compile aborts
std::string ReplacePattern(const std::string& text, std::string_view pattern,
                           std::string_view replacement);

// Whether a part of `text` matches; for text and pattern as above.
bool MatchesPattern(const std::string& text, std::string_view pattern);

}  // namespace quire::client
