#include "client/html/markdown_html.h"

#include <algorithm>
#include <cstdlib>
#include <functional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/html/escape.h"
#include "client/html/markdown_tree.h"
#include "client/score/table_score.h"
#include "proto/text_distance/code_points.h"

namespace quire::client {
namespace {

// Far above what a model writes for a page; the parser's worst cases grow with the square.
constexpr size_t kMaxMarkdownBytes = 256 * 1024;
constexpr int kMaxSpan = 100;  // a browser makes columns of it

// Calls one of both for each piece of `text`: HTML tables, and what is between them.
void CutAtTables(std::string_view text, const std::function<void(std::string_view)>& on_table,
                 const std::function<void(std::string_view)>& on_markdown) {
  const std::string lower = absl::AsciiStrToLower(std::string(text));
  size_t at = 0;
  while (at < text.size()) {
    const size_t begin = std::min(lower.find("<table", at), text.size());
    if (begin > at) on_markdown(text.substr(at, begin - at));
    if (begin == text.size()) break;
    const size_t close = lower.find("</table>", begin);
    const size_t end = close == std::string::npos ? text.size() : close + 8;
    on_table(text.substr(begin, end - begin));
    at = end;
  }
}

std::string SpanAttribute(const char* name, int span) {
  return span == 1 ? "" : absl::StrCat(" ", name, "=\"", std::min(span, kMaxSpan), "\"");
}

std::string TableToHtml(std::string_view html) {
  std::string out;
  for (const Table& table : FindTables(html)) {
    absl::StrAppend(&out, "<table>");
    for (const auto& row : table.rows) {
      absl::StrAppend(&out, "<tr>");
      for (const TableCell& cell : row) {
        absl::StrAppend(&out, "<td", SpanAttribute("colspan", cell.colspan),
                        SpanAttribute("rowspan", cell.rowspan), ">",
                        EscapeHtml(ToUtf8(cell.text)), "</td>");
      }
      absl::StrAppend(&out, "</tr>");
    }
    absl::StrAppend(&out, "</table>\n");
  }
  return out;
}

std::string TableToText(std::string_view html) {
  std::string out;
  for (const Table& table : FindTables(html)) {
    for (const auto& row : table.rows) {
      for (size_t i = 0; i < row.size(); ++i) {
        absl::StrAppend(&out, i == 0 ? "" : " ", ToUtf8(row[i].text));
      }
      absl::StrAppend(&out, "\n");
    }
  }
  return out;
}

// For nodes of the table extension, whose types have no public constants.
bool IsKind(cmark_node* node, std::string_view kind) {
  return cmark_node_get_type_string(node) == kind;
}

void AppendText(cmark_node* node, std::string& out) {
  const cmark_node_type type = cmark_node_get_type(node);
  if (const char* literal = cmark_node_get_literal(node)) {
    out += literal;
  } else if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK) {
    out += '\n';
  }
  for (cmark_node* child = cmark_node_first_child(node); child != nullptr;
       child = cmark_node_next(child)) {
    AppendText(child, out);
    if (IsKind(child, "table_cell")) out += ' ';
  }
  const bool is_line = type == CMARK_NODE_PARAGRAPH || type == CMARK_NODE_HEADING ||
                       IsKind(node, "table_row") || IsKind(node, "table_header");
  if (is_line && !out.empty() && out.back() != '\n') out += '\n';
}

}  // namespace

std::string MarkdownToHtml(std::string_view markdown) {
  const std::string text = WithoutControls(markdown);
  if (text.size() > kMaxMarkdownBytes) return absl::StrCat("<pre>", EscapeHtml(text), "</pre>\n");
  std::string html;
  CutAtTables(
      text, [&](std::string_view table) { html += TableToHtml(table); },
      [&](std::string_view piece) {
        const MarkdownTree tree = ParseMarkdown(piece);
        char* rendered = cmark_render_html(tree.get(), CMARK_OPT_DEFAULT, nullptr);
        html += rendered;
        std::free(rendered);
      });
  return html;
}

std::string MarkdownToText(std::string_view markdown) {
  const std::string text = WithoutControls(markdown);
  if (text.size() > kMaxMarkdownBytes) return text;
  std::string out;
  CutAtTables(
      text, [&](std::string_view table) { out += TableToText(table); },
      [&](std::string_view piece) { AppendText(ParseMarkdown(piece).get(), out); });
  return out;
}

}  // namespace quire::client
