#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace quire::client {

// A document to read, and what its pages say.
struct DataDocument {
  std::string path;
  std::string name;  // file name; any bytes
  bool is_pdf = false;
  std::map<int, std::string> truths;  // Markdown by page, 1-based; empty: it is only timed
};

// A folder of pages and truths: NAME.png (.jpg, .jpeg, .webp, .bmp, .tif, .tiff, .pdf) with
// NAME.md, the truth of its first page, or NAME/page_N.md for each. README.md is no truth.
struct DataSet {
  std::vector<DataDocument> documents;  // by name
  // What is read again and again for times: the images with the shortest and the longest truth
  // (what is in tables counts twice), and the PDF whose truths are nearest to five. Nothing where
  // there is none.
  std::optional<size_t> simple_index;
  std::optional<size_t> complex_index;
  std::optional<size_t> pdf_index;
};

// File errors (exit code 3) name the file: a folder that cannot be read or holds no documents, a
// truth without a document.
absl::StatusOr<DataSet> ReadDataSet(const std::string& folder);

}  // namespace quire::client
