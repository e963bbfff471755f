#pragma once

#include <memory>
#include <string>

#include "client/output.h"

namespace quire::client {

// Cuts figures out of the pages of one document, writes each as
// FOLDER/STEM.figures/PAGE-NUMBER.png, and tells `writer` the answer with links to them, relative
// to FOLDER. It needs the pages' images and blocks. A page that comes without its image, from an
// earlier call, gets links to what that call wrote. Errors of the writer, and FileError; `writer`
// outlives it.
std::unique_ptr<DocumentWriter> MakeFiguresWriter(const std::string& folder,
                                                  const std::string& stem, DocumentWriter& writer);

}  // namespace quire::client
