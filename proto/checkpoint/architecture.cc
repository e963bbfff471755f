#include "proto/checkpoint/architecture.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/checkpoint/json_fields.h"
#include "proto/status.h"

namespace quire {
namespace {

using Json = nlohmann::json;

// Counts of modules: each is a name or more in the list of tensors.
constexpr int64_t kMostLayers = 256;
constexpr int64_t kMostExperts = 1024;
constexpr int64_t kMostExpertsInAll = 1 << 14;
constexpr double kMostMlpRatio = 64;

void ReadSam(const JsonFields& sam, SamConfig& config) {
  sam.Whole("width", config.width);
  sam.Whole("layers", config.layers, 1, kMostLayers);
  sam.Whole("heads", config.heads);
  sam.Whole("window_size", config.window_size);
  sam.Whole("out_chans", config.out_chans);
  sam.Whole("patch_size", config.patch_size);
  sam.Whole("image_size", config.image_size);
  sam.Number("mlp_ratio", config.mlp_ratio, kMostMlpRatio);
  sam.Wholes("global_attn_indexes", config.global_attn_indexes);
  sam.Wholes("downsample_channels", config.downsample_channels);
}

void ReadQueryEncoder(const JsonFields& qwen, QueryEncoderConfig& config) {
  qwen.Whole("dim", config.dim);
  qwen.Whole("layers", config.layers, 1, kMostLayers);
  qwen.Whole("heads", config.heads);
  qwen.Whole("kv_heads", config.kv_heads);
  qwen.Whole("intermediate_size", config.intermediate_size);
  qwen.Number("rms_norm_eps", config.rms_norm_eps);
  qwen.Number("rope_theta", config.rope_theta);
}

void ReadDecoder(const JsonFields& language, DecoderConfig& config) {
  language.Whole("hidden_size", config.hidden_size);
  language.Whole("num_hidden_layers", config.num_hidden_layers, 1, kMostLayers);
  language.Whole("num_attention_heads", config.num_attention_heads);
  config.num_key_value_heads = config.num_attention_heads;
  language.Whole("num_key_value_heads", config.num_key_value_heads);
  language.Whole("intermediate_size", config.intermediate_size);
  language.Whole("moe_intermediate_size", config.moe_intermediate_size);
  language.Whole("n_routed_experts", config.n_routed_experts, 1, kMostExperts);
  language.Whole("n_shared_experts", config.n_shared_experts);
  language.Whole("num_experts_per_tok", config.num_experts_per_tok);
  language.Whole("first_k_dense_replace", config.first_k_dense_replace, 0);
  language.Whole("vocab_size", config.vocab_size);
  language.Whole("max_position_embeddings", config.max_position_embeddings);
  language.Number("rms_norm_eps", config.rms_norm_eps);
  language.Number("rope_theta", config.rope_theta);
  language.Number("routed_scaling_factor", config.routed_scaling_factor);
  language.Truth("norm_topk_prob", config.norm_topk_prob);
  language.Truth("tie_word_embeddings", config.tie_word_embeddings);
  language.Whole("bos_token_id", config.bos_token_id, 0);
  language.Whole("eos_token_id", config.eos_token_id, 0);
}

// What differs between the families, whoever made the checkpoint.
void ApplyFamily(Architecture& config) {
  if (config.family == ModelFamily::kV1) return;
  // The official file of v2 repeats v1's number here.
  config.sam.downsample_channels[1] = config.query_encoder.dim;
}

template <typename... Parts>
absl::Status Impossible(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

absl::Status CheckQueryEncoder(const Architecture& config) {
  const QueryEncoderConfig& encoder = config.query_encoder;
  if (encoder.dim % (2 * encoder.heads) != 0) {
    return Impossible("the query encoder's width ", encoder.dim, " is not an even multiple of its ",
                      encoder.heads, " heads");
  }
  if (encoder.heads % encoder.kv_heads != 0) {
    return Impossible("the query encoder has ", encoder.heads, " heads and ", encoder.kv_heads,
                      " for keys and values, which does not divide them");
  }
  if (config.projector_input_dim != encoder.dim) {
    return Impossible("projector_config.input_dim is ", config.projector_input_dim, "; expected ",
                      encoder.dim, " (the query encoder's width)");
  }
  return absl::OkStatus();
}

absl::Status CheckVision(const Architecture& config) {
  const SamConfig& sam = config.sam;
  if (sam.width % sam.heads != 0) {
    return Impossible("SAM's width ", sam.width, " is not a multiple of its ", sam.heads, " heads");
  }
  if (sam.downsample_channels.size() != 2) {
    return Impossible("downsample_channels has ", sam.downsample_channels.size(),
                      " entries; expected 2");
  }
  if (sam.image_size % (sam.patch_size * 4) != 0) {
    return Impossible("SAM's image size ", sam.image_size, " is no multiple of ",
                      sam.patch_size * 4);
  }
  if (config.family == ModelFamily::kV2) return CheckQueryEncoder(config);
  if (config.clip.width % config.clip.heads != 0) {
    return Impossible("CLIP's width ", config.clip.width, " is not a multiple of its ",
                      config.clip.heads, " heads");
  }
  if (sam.downsample_channels[1] != config.clip.width) {
    return Impossible("SAM gives ", sam.downsample_channels[1], " channels and CLIP takes ",
                      config.clip.width);
  }
  if (config.projector_input_dim != 2 * config.clip.width) {
    return Impossible("projector_config.input_dim is ", config.projector_input_dim, "; expected ",
                      2 * config.clip.width, " (SAM's and CLIP's channels)");
  }
  return absl::OkStatus();
}

absl::Status CheckDecoder(const Architecture& config) {
  const DecoderConfig& decoder = config.decoder;
  if (config.projector_n_embed != decoder.hidden_size) {
    return Impossible("projector_config.n_embed is ", config.projector_n_embed,
                      " and hidden_size is ", decoder.hidden_size);
  }
  if (decoder.hidden_size % (2 * decoder.num_attention_heads) != 0) {
    return Impossible("hidden_size ", decoder.hidden_size, " is not an even multiple of its ",
                      decoder.num_attention_heads, " heads");
  }
  if (decoder.num_key_value_heads != decoder.num_attention_heads) {
    return Impossible("num_key_value_heads is ", decoder.num_key_value_heads, "; expected ",
                      decoder.num_attention_heads, ", as many as there are heads");
  }
  if (decoder.num_experts_per_tok > decoder.n_routed_experts) {
    return Impossible("num_experts_per_tok is ", decoder.num_experts_per_tok, " of ",
                      decoder.n_routed_experts, " experts");
  }
  if (decoder.num_hidden_layers * decoder.n_routed_experts > kMostExpertsInAll) {
    return Impossible(decoder.num_hidden_layers, " layers of ", decoder.n_routed_experts,
                      " experts; expected at most ", kMostExpertsInAll, " experts in all");
  }
  if (config.image_token_id >= decoder.vocab_size) {
    return Impossible("image_token_id is ", config.image_token_id, " and the vocabulary has ",
                      decoder.vocab_size, " tokens");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Architecture> ReadArchitecture(const Json& json) {
  Architecture config;
  absl::Status fault;
  const JsonFields root(json, "", fault);
  std::vector<std::string> architectures;
  root.Texts("architectures", architectures);
  const bool v2 = architectures == std::vector<std::string>{"DeepseekOCR2ForCausalLM"};
  if (!v2 && architectures != std::vector<std::string>{"DeepseekOCRForCausalLM"}) {
    return Impossible("architectures is [", absl::StrJoin(architectures, ", "),
                      "]; expected [DeepseekOCRForCausalLM] or [DeepseekOCR2ForCausalLM]");
  }
  config.family = v2 ? ModelFamily::kV2 : ModelFamily::kV1;
  if (v2) config.projector_input_dim = config.query_encoder.dim;
  const JsonFields width = root.Inner("vision_config").Inner("width");
  ReadSam(width.Inner("sam_vit_b"), config.sam);
  const JsonFields clip = width.Inner("clip-l-14-224");
  clip.Whole("width", config.clip.width);
  clip.Whole("layers", config.clip.layers, 1, kMostLayers);
  clip.Whole("heads", config.clip.heads);
  clip.Number("mlp_ratio", config.clip.mlp_ratio, kMostMlpRatio);
  ReadQueryEncoder(width.Inner("qwen2-0-5b"), config.query_encoder);
  ReadDecoder(root.Inner("language_config"), config.decoder);
  const JsonFields projector = root.Inner("projector_config");
  projector.Whole("input_dim", config.projector_input_dim);
  projector.Whole("n_embed", config.projector_n_embed);
  const JsonFields quantization = root.Inner("quantization");
  quantization.Whole("group_size", config.quantization.group_size);
  quantization.Whole("bits", config.quantization.bits);
  root.Whole("image_token_id", config.image_token_id, 0);
  root.Whole("pad_token_id", config.pad_token_id, 0);
  QUIRE_RETURN_IF_ERROR(fault);
  if (config.sam.downsample_channels.size() == 2) ApplyFamily(config);
  QUIRE_RETURN_IF_ERROR(CheckVision(config));
  QUIRE_RETURN_IF_ERROR(CheckDecoder(config));
  return config;
}

absl::StatusOr<Architecture> ParseArchitecture(std::string_view text, const std::string& name) {
  absl::StatusOr<Json> json = ParseJsonObject(text, kMostConfigBytes);
  absl::StatusOr<Architecture> config = json.ok() ? ReadArchitecture(*json) : json.status();
  if (config.ok()) return config;
  return absl::Status(config.status().code(), absl::StrCat(name, ": ", config.status().message()));
}

}  // namespace quire
