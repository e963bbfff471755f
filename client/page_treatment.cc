#include "client/page_treatment.h"

#include <optional>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/exit_code.h"
#include "client/names.h"
#include "client/page_format.h"
#include "proto/status.h"

namespace quire::client {
namespace {

absl::Status Wrong(const char* flag, const std::string& value, const char* instead) {
  return WithExitCode(absl::InvalidArgumentError(
                          absl::StrCat(flag, " is '", Printable(value), "': give ", instead)),
                      kExitUsage);
}

// The number after `prefix` and before `suffix`; nothing where they are not there.
std::optional<std::string> Between(const std::string& text, std::string_view prefix,
                                   std::string_view suffix) {
  if (text.size() < prefix.size() + suffix.size() || !text.starts_with(prefix) ||
      !text.ends_with(suffix)) {
    return std::nullopt;
  }
  return text.substr(prefix.size(), text.size() - prefix.size() - suffix.size());
}

absl::Status SetFrames(const std::string& text, v1::FrameChoice& frames) {
  double seconds = 0;
  int count = 0;
  const auto every = Between(text, "every=", "s");
  const auto number = Between(text, "count=", "");
  if (text == "scene") {
    frames.set_scenes(true);
  } else if (every.has_value() && absl::SimpleAtod(*every, &seconds) && seconds >= 0.04 &&
             seconds <= 86'400) {
    frames.set_every_seconds(seconds);
  } else if (number.has_value() && absl::SimpleAtoi(*number, &count) && count >= 1 &&
             count <= 3000) {
    frames.set_count(count);
  } else {
    return Wrong("--frames", text,
                 "every=2s (0.04 to 86400 seconds), scene, or count=20 (1 to 3000)");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SetTreatment(const PageTreatment& treatment, v1::RecognizeOptions& options) {
  if (!treatment.text_layer.empty()) {
    const auto text_layer = Named<v1::TextLayer>(treatment.text_layer);
    if (!text_layer.has_value()) {
      return Wrong("--text-layer", treatment.text_layer, "use, compare or ignore");
    }
    options.set_text_layer(*text_layer);
  }
  if (!treatment.orient.empty()) {
    const auto orient = Named<v1::Orient>(treatment.orient);
    if (!orient.has_value()) return Wrong("--orient", treatment.orient, "auto or none");
    options.set_orient(*orient);
  }
  for (const std::string& name : treatment.clean_ups) {
    const auto clean_up = Named<v1::CleanUp>(name);
    if (!clean_up.has_value()) return Wrong("--clean", name, "deskew, background, contrast");
    options.add_clean_ups(*clean_up);
  }
  if (treatment.frames.empty()) return absl::OkStatus();
  return SetFrames(treatment.frames, *options.mutable_frames());
}

}  // namespace quire::client
