#pragma once

#include <string>
#include <string_view>

namespace quire::client {

// A page's Markdown as HTML that cannot do harm: no script, no style, no link, no picture, no tag
// that was not made here. Tables, as HTML or with pipes, become tables; formulas in \( \), \[ \] and
// $$ $$ stay as they are, in <span class="math">; other HTML is shown as text. Headings begin at h3.
std::string MarkdownToHtml(std::string_view markdown);

// The same as text without mark-up; a line for each line, row and paragraph.
std::string MarkdownToText(std::string_view markdown);

}  // namespace quire::client
