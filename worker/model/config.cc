#include "worker/model/config.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "proto/checkpoint/json_fields.h"
#include "proto/status.h"

namespace quire::worker {
namespace {

// What the official scripts do, for a folder without a "quire" block.
ReadingConfig OfficialReading(ModelFamily family) {
  ReadingConfig reading;
  reading.name = "deepseek-ocr";
  reading.ngram_size = 20;
  reading.ngram_window = 50;
  reading.ngram_exempt_ids = {128821, 128822};  // <td>, </td>
  reading.modes = {Mode::kTiny,  Mode::kSmall,  Mode::kBase,
                   Mode::kLarge, Mode::kGundam, Mode::kAuto};
  // Source: DeepSeek-OCR README.md, "Prompts examples".
  reading.prompts = {{"MARKDOWN", "<image>\n<|grounding|>Convert the document to markdown."},
                     {"FREE_TEXT", "<image>\nFree OCR."},
                     {"FIGURE", "<image>\nParse the figure."},
                     {"DESCRIBE", "<image>\nDescribe this image in detail."},
                     {"LOCATE", "<image>\nLocate <|ref|>%s<|/ref|> in the image."},
                     {"CUSTOM", "<image>\n%s"}};
  if (family == ModelFamily::kV1) return reading;
  // Source: DeepSeek-OCR-2 run_dpsk_ocr2.py and image_process.py.
  reading.name = "deepseek-ocr-2";
  reading.image_size = reading.single_view_max_side = reading.largest_stretched = 768;
  reading.max_crops = 6;
  reading.modes = {Mode::kBase, Mode::kGundam, Mode::kAuto};
  return reading;
}

absl::Status ReadReading(const JsonFields& quire, ReadingConfig& reading) {
  reading = {};
  reading.modes = {Mode::kBase, Mode::kGundam, Mode::kAuto};
  quire.Text("name", reading.name);
  quire.Texts("languages", reading.languages);
  quire.Whole("base_size", reading.base_size);
  quire.Whole("image_size", reading.image_size);
  std::string fit = "stretch";
  quire.Text("fit", fit);
  if (fit != "pad" && fit != "stretch") {
    return absl::InvalidArgumentError(
        absl::StrCat("key quire.fit is \"", fit, "\"; expected \"pad\" or \"stretch\""));
  }
  reading.pad_single_views = fit == "pad";
  quire.Whole("min_crops", reading.min_crops);
  quire.Whole("max_crops", reading.max_crops);
  const JsonFields automatic = quire.Inner("auto");
  reading.single_view_max_side = reading.image_size;
  automatic.Whole("single_view_max_side", reading.single_view_max_side);
  automatic.Whole("dense_min_crops", reading.dense_min_crops, 0);
  quire.Whole("render_long_side", reading.render_long_side_px, 0);
  quire.Number("render_dpi", reading.render_dpi);
  quire.TextByKey("prompts", reading.prompts);
  quire.Whole("loop_breaks", reading.loop_breaks, 0);
  quire.Truth("place_blocks", reading.place_blocks);
  const JsonFields second_look = quire.Inner("second_look");
  second_look.Number("doubt", reading.doubt);
  second_look.Number("invention", reading.invention);
  second_look.Number("unreadable", reading.unreadable);
  const JsonFields ban = quire.Inner("ngram_ban");
  ban.Whole("size", reading.ngram_size, 0);
  ban.Whole("window", reading.ngram_window, 0);
  ban.Wholes("exempt_ids", reading.ngram_exempt_ids);
  return absl::OkStatus();
}

template <typename... Parts>
absl::Status Impossible(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

absl::Status CheckReading(const ReadingConfig& reading) {
  for (const int side : {reading.base_size, reading.image_size}) {
    if (side % 64 != 0 || side > 4096) {
      return Impossible("a view has ", side, " px; expected a multiple of 64 up to 4096");
    }
  }
  if (reading.min_crops > reading.max_crops || reading.max_crops > 64) {
    return Impossible("min_crops is ", reading.min_crops, " and max_crops ", reading.max_crops,
                      "; expected at most 64 and in this order");
  }
  if (reading.invention < reading.doubt) {
    return Impossible("second_look.invention is ", reading.invention, " and second_look.doubt ",
                      reading.doubt, "; expected a doubt that is not above it");
  }
  if (reading.unreadable != 0 && reading.unreadable < reading.doubt) {
    return Impossible("second_look.unreadable is ", reading.unreadable, " and second_look.doubt ",
                      reading.doubt, "; expected 0 or a doubt that is not above it");
  }
  return absl::OkStatus();
}

absl::StatusOr<ModelConfig> Parse(std::string_view text) {
  QUIRE_ASSIGN_OR_RETURN(const nlohmann::json json, ParseJsonObject(text, kMostConfigBytes));
  QUIRE_ASSIGN_OR_RETURN(const Architecture architecture, ReadArchitecture(json));
  ModelConfig config{architecture, OfficialReading(architecture.family)};
  absl::Status fault;
  const JsonFields root(json, "", fault);
  if (root.Has("quire")) QUIRE_RETURN_IF_ERROR(ReadReading(root.Inner("quire"), config.reading));
  config.reading.mosaic = config.family == ModelFamily::kV1;
  QUIRE_RETURN_IF_ERROR(fault);
  QUIRE_RETURN_IF_ERROR(CheckReading(config.reading));
  return config;
}

}  // namespace

absl::StatusOr<ModelConfig> ParseModelConfig(std::string_view json, const std::string& name) {
  absl::StatusOr<ModelConfig> config = Parse(json);
  if (config.ok()) return config;
  return absl::Status(config.status().code(), absl::StrCat(name, ": ", config.status().message()));
}

absl::StatusOr<ModelConfig> LoadModelConfig(const std::string& folder) {
  const std::string path = folder + "/config.json";
  QUIRE_ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(path, kMostConfigBytes));
  return ParseModelConfig(text, path);
}

}  // namespace quire::worker
