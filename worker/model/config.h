#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/image/tiling.h"
#include "worker/text/prompt.h"

namespace quire::worker {

// SAM ViT sizes (vision_config.width.sam_vit_b).
struct SamConfig {
  int64_t width = 768, layers = 12, heads = 12, window_size = 14, out_chans = 256;
  int64_t patch_size = 16, image_size = 1024;
  double mlp_ratio = 4;
  std::vector<int64_t> global_attn_indexes = {2, 5, 8, 11};
  std::vector<int64_t> downsample_channels = {512, 1024};
};

// CLIP body sizes (vision_config.width.clip-l-14-224).
struct ClipConfig {
  int64_t width = 1024, layers = 24, heads = 16;
  double mlp_ratio = 4;
};

// Sizes of v2's query encoder (vision_config.width.qwen2-0-5b); the official file tells the first only.
struct QueryEncoderConfig {
  int64_t dim = 896, layers = 24, heads = 14, kv_heads = 2, intermediate_size = 4864;
  double rms_norm_eps = 1e-6, rope_theta = 1e6;
};

// Decoder sizes (language_config).
struct DecoderConfig {
  int64_t hidden_size = 1280, num_hidden_layers = 12, num_attention_heads = 10;
  int64_t num_key_value_heads = 10, intermediate_size = 6848, moe_intermediate_size = 896;
  int64_t n_routed_experts = 64, n_shared_experts = 2, num_experts_per_tok = 6;
  int64_t first_k_dense_replace = 1, vocab_size = 129280, max_position_embeddings = 8192;
  double rms_norm_eps = 1e-6, rope_theta = 10000, routed_scaling_factor = 1;
  bool norm_topk_prob = false, tie_word_embeddings = false;
  int bos_token_id = 0, eos_token_id = 1;
};

// 8-bit affine weights (quantization).
struct QuantizationConfig {
  int64_t group_size = 64, bits = 8;
};

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
  std::vector<Mode> modes;               // modes that the model knows
  PromptTable prompts;
};

// DeepSeek-OCR and DeepSeek-OCR-2: they differ in what follows SAM, and in how views become rows.
enum class ModelFamily { kV1, kV2 };

// All sizes of a model, from config.json.
struct ModelConfig {
  ModelFamily family = ModelFamily::kV1;
  SamConfig sam;
  ClipConfig clip;                   // v1
  QueryEncoderConfig query_encoder;  // v2
  DecoderConfig decoder;
  QuantizationConfig quantization;
  int64_t projector_input_dim = 2048, projector_n_embed = 1280;
  int image_token_id = 128815;
  int pad_token_id = 2;
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
