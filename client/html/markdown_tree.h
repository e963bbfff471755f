#pragma once

#include <cmark-gfm.h>

#include <memory>
#include <string_view>

namespace quire::client {

struct FreeMarkdownTree {
  void operator()(cmark_node* node) const { cmark_node_free(node); }
};

// A parsed text. Its nodes are those of the library; what a reader must not get from a page has
// been replaced: HTML by text (but for line breaks and <sub>, <sup>), links by their text and
// address, pictures by their description. Formulas are custom nodes.
using MarkdownTree = std::unique_ptr<cmark_node, FreeMarkdownTree>;

//   markdown  no control characters but line feeds and tabs
MarkdownTree ParseMarkdown(std::string_view markdown);

}  // namespace quire::client
