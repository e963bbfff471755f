#include "worker/text/prompt.h"

#include <iterator>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/check.h"
#include "worker/text/tokenizer.h"

namespace quire::worker {
namespace {

constexpr char kImage[] = "<image>";
constexpr std::string_view kArgument = "%s";

void Append(const std::vector<int>& from, std::vector<int>& to) {
  to.insert(to.end(), from.begin(), from.end());
}

// Part of a prompt's template, with the user's text where it says so.
void AppendText(const Tokenizer& tokenizer, std::string_view part, std::string_view argument,
                std::vector<int>& ids) {
  const size_t place = part.find(kArgument);
  Append(tokenizer.Encode(part.substr(0, place)), ids);
  if (place == std::string_view::npos) return;
  Append(tokenizer.EncodePlain(argument), ids);
  Append(tokenizer.Encode(part.substr(place + kArgument.size())), ids);
}

}  // namespace

std::string_view TaskName(Task task) {
  switch (task) {
    case Task::kMarkdown:
      return "MARKDOWN";
    case Task::kFreeText:
      return "FREE_TEXT";
    case Task::kFigure:
      return "FIGURE";
    case Task::kDescribe:
      return "DESCRIBE";
    case Task::kLocate:
      return "LOCATE";
    case Task::kCustom:
      return "CUSTOM";
  }
  return "UNKNOWN";
}

absl::StatusOr<Prompt> BuildPrompt(const Tokenizer& tokenizer, const PromptTable& prompts,
                                   const PromptRequest& request) {
  QUIRE_CHECK(request.vision_rows >= 0);
  const std::string task(TaskName(request.task));
  const auto found = prompts.find(task);
  if (found == prompts.end()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "this model does not know task ", task, "; it knows ",
        absl::StrJoin(prompts, ", ",
                      [](std::string* out, const auto& prompt) { out->append(prompt.first); })));
  }
  const std::string& text = found->second;
  const size_t image = text.find(kImage);
  if (image == std::string::npos || image != text.rfind(kImage)) {
    return absl::InvalidArgumentError(absl::StrCat("the model's prompt for task ", task,
                                                   " must hold \"", kImage, "\" once; it is \"",
                                                   text, "\""));
  }
  const bool blank = absl::StripAsciiWhitespace(request.argument).empty();
  if (blank && text.find(kArgument) != std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("task ", task, " needs a text and got none: ",
                     request.task == Task::kLocate ? "say what to locate" : "give the prompt"));
  }

  Prompt prompt{.ids = {request.begin_id}, .vision_rows = request.vision_rows};
  AppendText(tokenizer, std::string_view(text).substr(0, image), request.argument, prompt.ids);
  prompt.ids.insert(prompt.ids.end(), request.vision_rows, request.image_id);
  AppendText(tokenizer, std::string_view(text).substr(image + std::size(kImage) - 1),
             request.argument, prompt.ids);
  return prompt;
}

}  // namespace quire::worker
