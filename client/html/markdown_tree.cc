#include "client/html/markdown_tree.h"

#include <cmark-gfm-core-extensions.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace quire::client {
namespace {

// Stands at both ends of a code span that was made of a formula: a private character, which no
// page's text means anything by.
constexpr std::string_view kMathMark = "\xEE\x80\x80";  // U+E000

struct Delimiters {
  std::string_view begin;
  std::string_view end;
};
constexpr std::array<Delimiters, 3> kMath = {{{"\\(", "\\)"}, {"\\[", "\\]"}, {"$$", "$$"}}};

size_t LongestRun(std::string_view text, char sign) {
  size_t longest = 0;
  size_t run = 0;
  for (const char c : text) {
    run = c == sign ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

// Markdown would take backslashes, stars and underscores of a formula for its own: formulas become
// code spans, which it leaves alone.
std::string ProtectMath(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto math = std::find_if(kMath.begin(), kMath.end(), [&](const Delimiters& delimiters) {
      return text.starts_with(delimiters.begin);
    });
    const size_t end =
        math == kMath.end() ? std::string_view::npos : text.find(math->end, math->begin.size());
    // An empty line ends a paragraph, and what was opened in it.
    if (end == std::string_view::npos || text.substr(0, end).find("\n\n") != text.npos) {
      out += text[0];
      text.remove_prefix(1);
      continue;
    }
    const std::string_view formula = text.substr(0, end + math->end.size());
    const std::string fence(LongestRun(formula, '`') + 1, '`');
    out.append(fence).append(kMathMark).append(formula).append(kMathMark).append(fence);
    text.remove_prefix(formula.size());
  }
  return out;
}

std::string_view LiteralOf(cmark_node* node) {
  const char* literal = cmark_node_get_literal(node);
  return literal == nullptr ? "" : literal;
}

void Replace(cmark_node* node, cmark_node_type type, const std::string& literal) {
  cmark_node* text = cmark_node_new(type);
  cmark_node_set_literal(text, literal.c_str());
  cmark_node_replace(node, text);
  cmark_node_free(node);
}

// Verbatim in HTML.
void ReplaceByMarkup(cmark_node* node, const std::string& markup) {
  cmark_node* custom = cmark_node_new(CMARK_NODE_CUSTOM_INLINE);
  cmark_node_set_on_enter(custom, markup.c_str());
  cmark_node_replace(node, custom);
  cmark_node_free(node);
}

void ReplaceInlineHtml(cmark_node* node) {
  std::string tag = absl::AsciiStrToLower(std::string(LiteralOf(node)));
  if (tag == "<br>" || tag == "<br/>" || tag == "<br />") {
    cmark_node_replace(node, cmark_node_new(CMARK_NODE_LINEBREAK));
    cmark_node_free(node);
  } else if (tag == "<sub>" || tag == "</sub>" || tag == "<sup>" || tag == "</sup>") {
    ReplaceByMarkup(node, tag);
  } else {
    Replace(node, CMARK_NODE_TEXT, std::string(LiteralOf(node)));
  }
}

void ReplaceHtmlBlock(cmark_node* node) {
  cmark_node* paragraph = cmark_node_new(CMARK_NODE_PARAGRAPH);
  cmark_node* text = cmark_node_new(CMARK_NODE_TEXT);
  cmark_node_set_literal(text, std::string(LiteralOf(node)).c_str());
  cmark_node_append_child(paragraph, text);
  cmark_node_replace(node, paragraph);
  cmark_node_free(node);
}

// A page must not lead its reader anywhere: the text stays, and the address is there to be read.
void ReplaceLink(cmark_node* node, bool is_picture) {
  const char* url = cmark_node_get_url(node);
  while (cmark_node* child = cmark_node_first_child(node)) cmark_node_insert_before(node, child);
  Replace(node, CMARK_NODE_TEXT,
          is_picture ? " [picture]" : absl::StrCat(" (", url == nullptr ? "" : url, ")"));
}

void ReplaceCode(cmark_node* node) {
  std::string_view code = LiteralOf(node);
  if (code.size() < 2 * kMathMark.size() || !code.starts_with(kMathMark)) return;
  code.remove_prefix(kMathMark.size());
  code.remove_suffix(kMathMark.size());
  cmark_node* formula = cmark_node_new(CMARK_NODE_CUSTOM_INLINE);
  cmark_node_set_on_enter(formula, "<span class=\"math\">");
  cmark_node_set_on_exit(formula, "</span>");
  cmark_node* text = cmark_node_new(CMARK_NODE_TEXT);
  cmark_node_set_literal(text, std::string(code).c_str());
  cmark_node_append_child(formula, text);
  cmark_node_replace(node, formula);
  cmark_node_free(node);
}

void MakeHarmless(cmark_node* node) {
  switch (cmark_node_get_type(node)) {
    case CMARK_NODE_HTML_BLOCK:
      return ReplaceHtmlBlock(node);
    case CMARK_NODE_HTML_INLINE:
      return ReplaceInlineHtml(node);
    case CMARK_NODE_LINK:
      return ReplaceLink(node, /*is_picture=*/false);
    case CMARK_NODE_IMAGE:
      return ReplaceLink(node, /*is_picture=*/true);
    case CMARK_NODE_CODE:
      return ReplaceCode(node);
    case CMARK_NODE_HEADING:
      // The report has headings of its own above.
      cmark_node_set_heading_level(node, std::min(cmark_node_get_heading_level(node) + 2, 6));
      return;
    default:
      return;
  }
}

std::vector<cmark_node*> NodesOf(cmark_node* root) {
  std::vector<cmark_node*> nodes;
  cmark_iter* iterator = cmark_iter_new(root);
  while (cmark_iter_next(iterator) != CMARK_EVENT_DONE) {
    if (cmark_iter_get_event_type(iterator) == CMARK_EVENT_ENTER) {
      nodes.push_back(cmark_iter_get_node(iterator));
    }
  }
  cmark_iter_free(iterator);
  return nodes;
}

}  // namespace

MarkdownTree ParseMarkdown(std::string_view markdown) {
  cmark_gfm_core_extensions_ensure_registered();
  cmark_parser* parser = cmark_parser_new(CMARK_OPT_DEFAULT);
  cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension("table"));
  const std::string text = ProtectMath(markdown);
  cmark_parser_feed(parser, text.data(), text.size());
  MarkdownTree tree(cmark_parser_finish(parser));
  cmark_parser_free(parser);
  for (cmark_node* node : NodesOf(tree.get())) MakeHarmless(node);
  return tree;
}

}  // namespace quire::client
