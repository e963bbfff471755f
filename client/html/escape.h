#pragma once

#include <string>
#include <string_view>

namespace quire::client {

// `text` for HTML and XML, as content or in a quoted attribute: no mark-up of its own, no character
// that XML 1.0 forbids. Line feeds and tabs stay; bytes that are not UTF-8 become U+FFFD.
std::string EscapeHtml(std::string_view text);

// `text` without what XML 1.0 forbids; mark-up stays.
std::string WithoutControls(std::string_view text);

}  // namespace quire::client
