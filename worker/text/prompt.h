#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace quire::worker {

class Tokenizer;

// What the model is asked for. Same names as quire.v1.Task.
enum class Task { kMarkdown, kFreeText, kFigure, kDescribe, kLocate, kCustom };

// "MARKDOWN", "FREE_TEXT", ...
std::string_view TaskName(Task task);

// The prompts that a model's entry knows, by TaskName: text with one "<image>", e.g.
// {"FREE_TEXT", "<image>\nFree OCR."}. LOCATE's holds "%s" where the sought text goes. CUSTOM is
// allowed where the key "CUSTOM" exists: "<image>\n%s".
using PromptTable = std::map<std::string, std::string, std::less<>>;

// A page's prompt as token ids: begin, text before the images, `vision_rows` placeholders, text
// after. Several images stand side by side in the place of the one "<image>".
struct Prompt {
  std::vector<int> ids;
  int vision_rows = 0;
};

struct PromptRequest {
  Task task = Task::kMarkdown;
  std::string argument;  // sought text (kLocate) or prompt (kCustom)
  int vision_rows = 0;   // of all images
  int begin_id = 0;
  int image_id = 0;
};

// InvalidArgument where the table does not know the task (the message names those it knows), where
// its prompt does not hold "<image>" once, and where it has a "%s" and the argument is blank. The
// user's text (argument) is encoded without added tokens, so that it cannot inject control tokens.
absl::StatusOr<Prompt> BuildPrompt(const Tokenizer& tokenizer, const PromptTable& prompts,
                                   const PromptRequest& request);

}  // namespace quire::worker
