#include "client/preset.h"

#include <array>

#include "absl/strings/str_cat.h"

namespace quire::client {
namespace {

struct Preset {
  const char* name;
  const char* task;
  const char* mode;
  int max_tokens;  // 0: the model's context
};

// Small print needs the model's tiles (auto); one view is enough, and faster, where letters are
// large. Caps are some times what such a page holds: they end a loop early, not a page.
constexpr std::array<Preset, 5> kPresets = {{{"table", "markdown", "auto", 0},
                                             {"formula", "markdown", "base", 2048},
                                             {"receipt", "free-text", "auto", 2048},
                                             {"book", "markdown", "base", 4096},
                                             {"slides", "markdown", "base", 1024}}};

}  // namespace

std::vector<std::string> PresetNames() {
  std::vector<std::string> names;
  for (const Preset& preset : kPresets) names.push_back(preset.name);
  return names;
}

std::string PresetHelp() {
  std::string help = "Task, mode and token cap for a kind of page, where not given:";
  for (const Preset& preset : kPresets) {
    absl::StrAppend(&help, &preset == &kPresets[0] ? " " : "; ", preset.name, " = ", preset.task,
                    " ", preset.mode, " ",
                    preset.max_tokens > 0 ? absl::StrCat(preset.max_tokens) : "uncapped");
  }
  return help;
}

void ApplyPreset(RecogniseConfig& config) {
  for (const Preset& preset : kPresets) {
    if (config.preset != preset.name) continue;
    const bool asks = !config.task.empty() || !config.prompt.empty() || !config.locate.empty();
    if (!asks) config.task = preset.task;
    if (config.mode.empty()) config.mode = preset.mode;
    if (config.max_tokens == 0) config.max_tokens = preset.max_tokens;
  }
}

}  // namespace quire::client
