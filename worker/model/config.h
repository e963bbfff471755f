#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/checkpoint/architecture.h"
#include "worker/image/tiling.h"
#include "worker/text/prompt.h"

namespace quire::worker {

// What Quire's own "quire" block says, or the official model's habits where it is absent.
struct ReadingConfig {
  std::string name;                    // registry key: "nano", "deepseek-ocr"
  std::vector<std::string> languages;  // BCP 47; empty: no claim
  int base_size = 1024;                // side of the global view, pixels
  int image_size = 640;                // side of a tile, pixels
  bool pad_single_views = false;       // single views padded to the square, else stretched
  int largest_stretched = 640;         // single views up to this side
  bool mosaic = true;  // tiles as one picture with newline rows (v1), else view after view (v2)
  int min_crops = 2, max_crops = 9;    // tiles of a page
  int single_view_max_side = 640;      // a page with no side above this is not tiled
  int dense_min_crops = 0;             // see TilingRules.dense_min_tiles
  int render_long_side_px = 0;         // PDF pages are drawn to this longer side; 0: render_dpi
  double render_dpi = 144;
  int ngram_size = 0, ngram_window = 0;  // ban on repeated runs; 0: none
  std::vector<int> ngram_exempt_ids;     // ids that the ban never forbids
  int loop_breaks = 0;  // loops of a page after which it is read on; the next one ends it
  bool place_blocks = false;  // the model's boxes are rough: see PlaceBlocks
  double doubt = 0, invention = 0, unreadable = 0;  // of quire.second_look: see SecondLookRule
  std::vector<Mode> modes;               // modes that the model knows
  PromptTable prompts;
};

// All of a model's config.json: sizes of its tensors, and how pages are read with it.
struct ModelConfig : Architecture {
  ReadingConfig reading;
};

// Reads FOLDER/config.json. Keys that it lacks have the official defaults above. InvalidArgument
// names the file, the key, what was found and what is possible: not JSON, deeper than 64 levels,
// larger than 1 MiB, a wrong type, sizes that do not fit together (heads that do not divide the
// width, top-k above the experts, ...), a family other than DeepSeek-OCR and
// DeepSeek-OCR-2.
absl::StatusOr<ModelConfig> LoadModelConfig(const std::string& folder);
// The same from the file's text; `name` stands in errors.
absl::StatusOr<ModelConfig> ParseModelConfig(std::string_view json, const std::string& name);

}  // namespace quire::worker
