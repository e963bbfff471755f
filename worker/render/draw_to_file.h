#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "worker/render/document.h"

namespace quire::render {

// Draws one page of a document to a PNG, as a model would get it.
//   enter_sandbox  called once both files are open, before a byte of the document is read
// NotFound or PermissionDenied name the file; else enter_sandbox's and OpenDocument()'s errors.
struct DrawToFile {
  std::string file;
  std::string png;
  int page_index = 0;
  DrawSize size;
};
absl::Status Draw(const DrawToFile& what, const std::function<absl::Status()>& enter_sandbox);

}  // namespace quire::render
