#pragma once

#include <memory>

#include "client/output.h"

namespace quire::client {

// hOCR 1.2, as XHTML: a page for each page, a content area for each block, in pixels of the page.
// A block that the model gave no box has none here. `sink` outlives it.
// Source: the hOCR specification 1.2 (kba.github.io/hocr-spec/1.2).
std::unique_ptr<DocumentWriter> MakeHocrWriter(OutputOptions options, TextSink& sink);

}  // namespace quire::client
