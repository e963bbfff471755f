#include "server/recognize_options.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "proto/rich_status.h"
#include "proto/status.h"
#include "server/page_ranges.h"

namespace quire::server {
namespace {

using quire::v1::ModelInfo;
using quire::v1::RecognizeOptions;

constexpr size_t kMaxPasswordBytes = 127;
constexpr size_t kMaxCustomPromptBytes = 4096;
constexpr size_t kMaxLocateTextBytes = 1024;
constexpr size_t kMaxRequestIdBytes = 128;
constexpr double kMinDpi = 36;
constexpr double kMaxDpi = 1200;
constexpr int kMaxTokens = 1 << 20;
constexpr double kLeastFrameSeconds = 0.04;
constexpr double kMostFrameSeconds = 86'400;
constexpr int kMostFrames = 3000;

absl::Status Invalid(const std::string& field, const std::string& message) {
  return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_OPTION",
                   absl::StrCat("options.", field, " ", message), {{"field", field}});
}

absl::Status CheckLength(const std::string& field, const std::string& text, size_t limit) {
  if (text.size() <= limit) return absl::OkStatus();
  return Invalid(field, absl::StrCat("has ", text.size(), " bytes, at most ", limit, " are allowed"));
}

absl::Status UnknownNumber(const std::string& field, int value) {
  return Invalid(field, absl::StrCat("is ", value, ", which this server does not know"));
}

bool ModeFits(const ModelInfo& model, quire::v1::Mode mode) {
  return mode == quire::v1::MODE_UNSPECIFIED ||
         std::find(model.modes().begin(), model.modes().end(), mode) != model.modes().end();
}

bool TaskFits(const ModelInfo& model, quire::v1::Task task) {
  if (task == quire::v1::TASK_UNSPECIFIED) task = quire::v1::TASK_MARKDOWN;
  return std::find(model.tasks().begin(), model.tasks().end(), task) != model.tasks().end();
}

std::string Name(quire::v1::Mode mode) {
  return std::string(absl::StripPrefix(quire::v1::Mode_Name(mode), "MODE_"));
}

std::string Name(quire::v1::Task task) {
  return std::string(absl::StripPrefix(quire::v1::Task_Name(task), "TASK_"));
}

absl::Status CheckNumbers(const RecognizeOptions& options) {
  if (!quire::v1::Task_IsValid(options.task())) return UnknownNumber("task", options.task());
  if (!quire::v1::Mode_IsValid(options.mode())) return UnknownNumber("mode", options.mode());
  if (!quire::v1::Priority_IsValid(options.priority())) {
    return UnknownNumber("priority", options.priority());
  }
  if (options.dpi() != 0 && !(options.dpi() >= kMinDpi && options.dpi() <= kMaxDpi)) {
    return Invalid("dpi", absl::StrCat("is ", options.dpi(), "; give ", kMinDpi, " to ", kMaxDpi,
                                       ", or 0 for the model's own"));
  }
  if (options.max_tokens_per_page() < 0 || options.max_tokens_per_page() > kMaxTokens) {
    return Invalid("max_tokens_per_page",
                   absl::StrCat("is ", options.max_tokens_per_page(), "; give 1 to ", kMaxTokens,
                                ", or 0 for the model's context"));
  }
  const quire::v1::NgramBan& ban = options.ngram_ban();
  if (ban.size() < 0 || ban.window() < 0 || ban.size() > 1024 || ban.window() > 65536) {
    return Invalid("ngram_ban", absl::StrCat("is size ", ban.size(), ", window ", ban.window(),
                                             "; give a size of 0 to 1,024 and a window of 0 to "
                                             "65,536 tokens"));
  }
  return absl::OkStatus();
}

absl::Status CheckFrames(const quire::v1::FrameChoice& frames) {
  using Choice = quire::v1::FrameChoice;
  const double every = frames.every_seconds();
  if (frames.choice_case() == Choice::kEverySeconds &&
      !(every >= kLeastFrameSeconds && every <= kMostFrameSeconds)) {
    return Invalid("frames", absl::StrCat("asks for one every ", every, " s; give ",
                                          kLeastFrameSeconds, " to ", kMostFrameSeconds));
  }
  if (frames.choice_case() == Choice::kCount &&
      (frames.count() < 1 || frames.count() > kMostFrames)) {
    return Invalid("frames",
                   absl::StrCat("asks for ", frames.count(), "; give 1 to ", kMostFrames));
  }
  return absl::OkStatus();
}

absl::Status CheckPageTreatment(const RecognizeOptions& options) {
  if (!quire::v1::TextLayer_IsValid(options.text_layer())) {
    return UnknownNumber("text_layer", options.text_layer());
  }
  if (!quire::v1::Orient_IsValid(options.orient()))
    return UnknownNumber("orient", options.orient());
  for (const int clean_up : options.clean_ups()) {
    if (!quire::v1::CleanUp_IsValid(clean_up) || clean_up == quire::v1::CLEAN_UP_UNSPECIFIED) {
      return UnknownNumber("clean_ups", clean_up);
    }
  }
  if (options.clean_ups_size() > quire::v1::CleanUp_MAX) {
    return Invalid("clean_ups", "names one of them twice");
  }
  return CheckFrames(options.frames());
}

absl::Status CheckTexts(const RecognizeOptions& options) {
  QUIRE_RETURN_IF_ERROR(CheckLength("password", options.password(), kMaxPasswordBytes));
  QUIRE_RETURN_IF_ERROR(
      CheckLength("custom_prompt", options.custom_prompt(), kMaxCustomPromptBytes));
  QUIRE_RETURN_IF_ERROR(CheckLength("locate_text", options.locate_text(), kMaxLocateTextBytes));
  QUIRE_RETURN_IF_ERROR(CheckLength("request_id", options.request_id(), kMaxRequestIdBytes));
  if (!std::all_of(options.request_id().begin(), options.request_id().end(),
                   [](char c) { return c >= 0x20 && c < 0x7f; })) {
    return Invalid("request_id", "holds characters other than printable ASCII");
  }
  if (options.task() == quire::v1::TASK_CUSTOM && options.custom_prompt().empty()) {
    return Invalid("custom_prompt", "is empty; TASK_CUSTOM needs a prompt");
  }
  if (options.task() == quire::v1::TASK_LOCATE && options.locate_text().empty()) {
    return Invalid("locate_text", "is empty; TASK_LOCATE needs the text to find");
  }
  return absl::OkStatus();
}

// "nano", "nano and v1" in an error's words.
std::string Names(const std::set<std::string>& names) { return absl::StrJoin(names, ", "); }

absl::Status Unknown(const std::string& what, const std::string& value,
                     const std::set<std::string>& known) {
  std::string reason = what == "model" ? "UNKNOWN_MODEL" : what == "mode" ? "UNKNOWN_MODE"
                                                                          : "UNKNOWN_TASK";
  return MakeError(absl::StatusCode::kInvalidArgument, reason,
                   absl::StrCat("options.", what, " is ", value, ", which ",
                                what == "model" ? "no worker holds; models at hand: "
                                                : absl::StrCat("the model does not know; ", what,
                                                               "s that it knows: "),
                                Names(known)),
                   {{"field", what}, {"known", Names(known)}});
}

}  // namespace

bool CanRead(const ModelInfo& model, const RecognizeOptions& options) {
  return (options.model().empty() || options.model() == model.key()) &&
         ModeFits(model, options.mode()) && TaskFits(model, options.task());
}

absl::Status CheckOptions(const RecognizeOptions& options, std::span<const ModelInfo> models) {
  QUIRE_RETURN_IF_ERROR(CheckNumbers(options));
  QUIRE_RETURN_IF_ERROR(CheckTexts(options));
  QUIRE_RETURN_IF_ERROR(CheckPageTreatment(options));
  QUIRE_RETURN_IF_ERROR(PageRanges::Parse(options.page_ranges()).status());
  std::set<std::string> keys, modes, tasks;
  bool model_known = false, mode_known = false, task_known = false, all_known = false;
  for (const ModelInfo& model : models) {
    keys.insert(model.key());
    if (!options.model().empty() && options.model() != model.key()) continue;
    model_known = true;
    mode_known |= ModeFits(model, options.mode());
    task_known |= TaskFits(model, options.task());
    all_known |= CanRead(model, options);
    for (const int mode : model.modes()) modes.insert(Name(static_cast<quire::v1::Mode>(mode)));
    for (const int task : model.tasks()) tasks.insert(Name(static_cast<quire::v1::Task>(task)));
  }
  if (!model_known) return Unknown("model", absl::StrCat("'", options.model(), "'"), keys);
  if (!mode_known) return Unknown("mode", Name(options.mode()), modes);
  if (!task_known) return Unknown("task", Name(options.task()), tasks);
  if (!all_known) {
    return Invalid("mode", absl::StrCat("is ", Name(options.mode()), " and options.task is ",
                                        Name(options.task()),
                                        "; no model at hand knows both: name a model"));
  }
  return absl::OkStatus();
}

}  // namespace quire::server
