#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "quire/v1/ocr.pb.h"

namespace quire::client {

// "![](PATH)" with what Markdown or a URL would misread in a path written as %XX.
std::string FigureLink(std::string_view path);

// Puts links to a page's figures where the model saw them: into the Markdown, behind the text of
// the blocks before, and as the text of their blocks.
//   links  by index in PageResult.blocks
void PlaceLinks(const std::map<int, std::vector<std::string>>& links, v1::PageResult& page);

}  // namespace quire::client
