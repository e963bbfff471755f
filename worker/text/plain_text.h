#pragma once

#include <string>
#include <string_view>

namespace quire::worker {

// At most one empty line in a row, none at the start or the end, no spaces there either.
std::string TidyLines(std::string_view text);

// Markdown as plain text: no # of headings, no ** of bold, a table's rows as lines with tabs
// between the cells, no tags of tables and centring. List markers, formulas and HTML entities stay.
std::string PlainText(std::string_view markdown);

}  // namespace quire::worker
