#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace quire::client {

// Turns OmniDocBench's annotations into a folder that `quire evaluate --data` reads: for each page
// a link to its image and NAME.md, its blocks in reading order: titles as "# ", tables as HTML,
// display formulas as LaTeX, all else as text. Left out: blocks without an order or to be ignored,
// figures, running heads, page numbers and what is called abandon. Blocks joined by a "truncated"
// relation become one paragraph.
// Source of the layout: OmniDocBench's README ("Dataset Format") and tools/json2md.py.
//   annotations    path of OmniDocBench.json
//   images_folder  holds the images by the file names of the annotations
//   folder         made where it is missing; files in it are written over
//   returns        pages written
// File errors (exit code 3) name the file, or the page and the field that is wrong.
absl::StatusOr<int> ImportOmniDocBench(const std::string& annotations,
                                       const std::string& images_folder,
                                       const std::string& folder);

}  // namespace quire::client
