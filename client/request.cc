#include "client/request.h"

#include <cerrno>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/exit_code.h"
#include "client/names.h"
#include "proto/status.h"

namespace quire::client {
namespace {

// The file's first line.
absl::StatusOr<std::string> ReadPassword(const std::string& path) {
  errno = 0;
  std::ifstream file(path);
  std::string line;
  if (!file || (!std::getline(file, line) && !file.eof())) {
    return FileError("read the password file", path, errno != 0 ? errno : EIO);
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

absl::Status UnknownWord(const char* flag, const std::string& word) {
  return WithExitCode(
      absl::InvalidArgumentError(absl::StrCat(flag, ": '", word, "' is not known; see --help")),
      kExitUsage);
}

absl::Status SetTask(const RecogniseConfig& config, v1::RecognizeOptions& options) {
  options.set_custom_prompt(config.prompt);
  options.set_locate_text(config.locate);
  if (!config.task.empty()) {
    const auto task = Named<v1::Task>(config.task);
    if (!task.has_value()) return UnknownWord("--task", config.task);
    options.set_task(*task);
  } else if (!config.prompt.empty()) {
    options.set_task(v1::TASK_CUSTOM);
  } else if (!config.locate.empty()) {
    options.set_task(v1::TASK_LOCATE);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::RecognizeOptions> MakeRequestOptions(const RecogniseConfig& config) {
  v1::RecognizeOptions options;
  options.set_page_ranges(config.pages);
  QUIRE_RETURN_IF_ERROR(SetTask(config, options));
  if (!config.mode.empty()) {
    const auto mode = Named<v1::Mode>(config.mode);
    if (!mode.has_value()) return UnknownWord("--mode", config.mode);
    options.set_mode(*mode);
  }
  if (!config.password_file.empty()) {
    QUIRE_ASSIGN_OR_RETURN(*options.mutable_password(), ReadPassword(config.password_file));
  }
  options.set_dpi(config.dpi);
  options.set_model(config.model);
  // A file is looked at when it is complete, and a whole text needs its pages one after another:
  // there they are always in order.
  options.set_ordered(config.ordered || !config.output_folder.empty() ||
                      !config.report_file.empty() ||
                      (NeedsBlocks(config.format) && config.format != OutputFormat::kJson));
  options.set_stream_text(config.stream);
  options.set_max_tokens_per_page(config.max_tokens);
  options.set_omit_blocks(!NeedsBlocks(config.format) && config.report_file.empty() &&
                          !config.figures);
  QUIRE_RETURN_IF_ERROR(SetTreatment(config.treatment, options));
  const bool report_shows_pages = !config.report_file.empty() && config.report_preview_px > 0;
  options.set_include_page_image(report_shows_pages || config.figures ||
                                 NeedsImages(config.format));
  options.set_include_uncleaned_image(report_shows_pages && !config.treatment.clean_ups.empty());
  options.set_include_raw_output(config.raw);
  options.set_request_id(config.request_id);
  return options;
}

}  // namespace quire::client
