#include "client/config_evaluate.h"

#include <CLI/CLI.hpp>
#include <cctype>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/exit_code.h"
#include "client/page_format.h"

namespace quire::client {
namespace {

// QUIRE_EVALUATE_WITH_TESSERACT for "--with-tesseract".
std::string VariableOf(const std::string& flags) {
  const size_t begin = flags.find("--") + 2;
  std::string name = flags.substr(begin, flags.find(',', begin) - begin);
  for (char& c : name) {
    c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return "QUIRE_EVALUATE_" + name;
}

template <typename T>
CLI::Option* Add(CLI::App& app, const std::string& flags, T& target, const std::string& text) {
  return app.add_option(flags, target, text)->envname(VariableOf(flags));
}

void AddFlag(CLI::App& app, const std::string& flags, bool& target, const std::string& text) {
  app.add_flag(flags, target, text)->envname(VariableOf(flags));
}

std::string Footer() {
  return absl::StrCat(
      "DIR holds pages and truths: NAME.png (.jpg, .webp, .bmp, .tif, .pdf) with NAME.md, the\n"
      "text of its first page in Markdown, or NAME/page_N.md for each. Timed are the images with\n"
      "the shortest and the longest truth and the PDF nearest to five pages; all are scored.\n"
      "A model that is not here is a row that says so.\n\n",
      std::string(kExitCodeHelp));
}

}  // namespace

CLI::App* AddEvaluateCommand(CLI::App& app, EvaluateConfig& config) {
  static const std::map<std::string, ReportFormat> formats = {{"markdown", ReportFormat::kMarkdown},
                                                              {"csv", ReportFormat::kCsv},
                                                              {"json", ReportFormat::kJson},
                                                              {"html", ReportFormat::kHtml}};
  CLI::App* evaluate =
      app.add_subcommand("evaluate", "Compare models: speed, memory, accuracy against truth");
  evaluate->footer(Footer());
  Add(*evaluate, "--data", config.data_folder, "Folder of pages and truths");
  Add(*evaluate, "--models", config.models,
      "Models to compare, such as a,b: keys, owner/name or folders; each gets a server of its own")
      ->delimiter(',');
  Add(*evaluate, "--servers", config.servers, "Addresses of running servers to compare")
      ->delimiter(',');
  Add(*evaluate, "--task", config.task, "What models are asked for: markdown or free-text")
      ->check(CLI::IsMember({"markdown", "free-text"}))
      ->capture_default_str();
  Add(*evaluate, "--runs", config.runs, "Runs of what is timed, 1 to 100")->capture_default_str();
  AddFlag(*evaluate, "--with-tesseract", config.with_tesseract,
          "Compare with the program tesseract (--psm 3), if it is installed");
  Add(*evaluate, "--tesseract-language", config.tesseract_language,
      "Its -l: languages of the pages, such as eng or eng+deu")
      ->capture_default_str();
  Add(*evaluate, "--format,-f", config.format, "Of standard output: markdown, csv, json or html")
      ->transform(CLI::CheckedTransformer(formats).description("{csv,html,json,markdown}"));
  Add(*evaluate, "--output-dir,-o", config.output_folder,
      "Write evaluation.md, .csv, .json and .html into this folder, too");
  Add(*evaluate, "--timeout-seconds", config.timeout_seconds,
      "Give a document up after this long; 0: never");
  AddFlag(*evaluate, "--quiet,-q", config.quiet, "Print errors only to standard error");

  CLI::App* import =
      evaluate->add_subcommand("import", "Make such a folder from OmniDocBench's annotations");
  import->footer(std::string(kExitCodeHelp));
  import->add_option("JSON", config.annotations, "OmniDocBench.json")->required();
  Add(*import, "--images", config.images_folder, "Folder of its images")->required();
  Add(*import, "--data-dir,-d", config.import_folder, "Folder to make")->required();
  import->callback([&config] { config.action = EvaluateAction::kImport; });
  return evaluate;
}

absl::Status ValidateEvaluate(const EvaluateConfig& config) {
  if (config.action == EvaluateAction::kImport) return absl::OkStatus();
  if (config.data_folder.empty()) {
    return absl::InvalidArgumentError("--data is missing: give a folder of pages and truths");
  }
  if (config.models.empty() && config.servers.empty() && !config.with_tesseract) {
    return absl::InvalidArgumentError(
        "there is nothing to evaluate: give --models, --servers or --with-tesseract");
  }
  for (const std::string& server : config.servers) {
    if (absl::StrContains(server, ":")) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--servers names '", Printable(server), "': give host:port or unix:/path"));
  }
  if (config.runs < 1 || config.runs > 100) {
    return absl::InvalidArgumentError(absl::StrFormat("--runs is %d: use 1 to 100", config.runs));
  }
  if (config.tesseract_language.empty() || config.tesseract_language[0] == '-') {
    return absl::InvalidArgumentError(
        absl::StrCat("--tesseract-language is '", Printable(config.tesseract_language),
                     "': use names such as eng or eng+deu"));
  }
  if (!(config.timeout_seconds >= 0 && config.timeout_seconds <= 1e8)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--timeout-seconds is %g: use 0 (none) to 1e8", config.timeout_seconds));
  }
  return absl::OkStatus();
}

}  // namespace quire::client
