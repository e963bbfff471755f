#pragma once

#include <string>
#include <vector>

namespace quire::client {

enum class EvaluateAction { kRun, kImport };
enum class ReportFormat { kMarkdown, kCsv, kJson, kHtml };

// `quire evaluate` and `quire evaluate import`.
struct EvaluateConfig {
  EvaluateAction action = EvaluateAction::kRun;
  std::string data_folder;                // --data
  std::vector<std::string> models;        // --models: a server of its own is started for each
  std::vector<std::string> servers;       // --servers: addresses
  std::string task = "markdown";          // --task: markdown or free-text
  int runs = 3;                           // --runs of what is timed, 1 to 100
  bool with_tesseract = false;            // --with-tesseract
  std::string tesseract_language = "eng"; // --tesseract-language: as tesseract's -l takes it
  ReportFormat format = ReportFormat::kMarkdown;  // --format of standard output
  std::string output_folder;              // --output-dir: evaluation.md, .csv, .json, .html
  double timeout_seconds = 0;             // --timeout-seconds a document; 0: none
  bool quiet = false;                     // --quiet
  std::string annotations;                // import: OmniDocBench.json
  std::string images_folder;              // import --images: of the annotations
  std::string import_folder;              // import --data-dir: made where it is missing
};

}  // namespace quire::client
