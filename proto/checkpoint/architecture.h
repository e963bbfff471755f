#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace quire {

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

// Sizes of v2's query encoder (vision_config.width.qwen2-0-5b); the official file tells the first
// only.
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

// DeepSeek-OCR and DeepSeek-OCR-2: they differ in what follows SAM, and in how views become rows.
enum class ModelFamily { kV1, kV2 };

// What config.json says of a model's tensors.
struct Architecture {
  ModelFamily family = ModelFamily::kV1;
  SamConfig sam;
  ClipConfig clip;                   // v1
  QueryEncoderConfig query_encoder;  // v2
  DecoderConfig decoder;
  QuantizationConfig quantization;
  int64_t projector_input_dim = 2048, projector_n_embed = 1280;
  int image_token_id = 128815;
  int pad_token_id = 2;
};

inline constexpr size_t kMostConfigBytes = 1 << 20;

// Keys that a config lacks have the official defaults above. InvalidArgument names the key, what
// was found and what is possible: a wrong type, sizes that do not fit together (heads that do not
// divide the width, top-k above the experts, ...) or that no machine holds, another family.
absl::StatusOr<Architecture> ReadArchitecture(const nlohmann::json& config);
// The same from the file's text, at most kMostConfigBytes; `name` stands in errors.
absl::StatusOr<Architecture> ParseArchitecture(std::string_view json, const std::string& name);

}  // namespace quire
