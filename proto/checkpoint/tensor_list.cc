#include "proto/checkpoint/tensor_list.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace quire {
namespace {

// Endings of tensors that official or re-saved checkpoints carry and that the model never uses.
constexpr absl::string_view kUnused[] = {"position_ids", "patch_embedding.weight", "inv_freq"};

class List {
 public:
  void Add(const std::string& name, std::vector<int64_t> shape) {
    tensors_.push_back({.name = name, .shape = std::move(shape), .optional = IsUnusedTensor(name)});
  }
  void AddLinear(const std::string& name, int64_t in, int64_t out) {
    Add(name + ".weight", {out, in});
    Add(name + ".bias", {out});
  }
  void AddNorm(const std::string& name, int64_t dim) {
    Add(name + ".weight", {dim});
    Add(name + ".bias", {dim});
  }
  void AddSwiGlu(const std::string& name, int64_t hidden, int64_t width) {
    Add(name + ".gate_proj.weight", {width, hidden});
    Add(name + ".up_proj.weight", {width, hidden});
    Add(name + ".down_proj.weight", {hidden, width});
  }
  std::vector<ExpectedTensor> Take() { return std::move(tensors_); }

 private:
  std::vector<ExpectedTensor> tensors_;
};

void AddSam(List& list, const SamConfig& sam) {
  const std::string root = "model.sam_model.";
  const int64_t dim = sam.width, side = sam.image_size / sam.patch_size, out = sam.out_chans;
  const int64_t hidden = static_cast<int64_t>(static_cast<double>(dim) * sam.mlp_ratio);
  list.Add(root + "patch_embed.proj.weight", {dim, 3, sam.patch_size, sam.patch_size});
  list.Add(root + "patch_embed.proj.bias", {dim});
  list.Add(root + "pos_embed", {1, side, side, dim});
  for (int64_t i = 0; i < sam.layers; ++i) {
    const std::string block = absl::StrCat(root, "blocks.", i, ".");
    const bool global = std::find(sam.global_attn_indexes.begin(), sam.global_attn_indexes.end(),
                                  i) != sam.global_attn_indexes.end();
    const int64_t table = 2 * (global ? side : sam.window_size) - 1;
    list.AddNorm(block + "norm1", dim);
    list.AddLinear(block + "attn.qkv", dim, 3 * dim);
    list.AddLinear(block + "attn.proj", dim, dim);
    list.Add(block + "attn.rel_pos_h", {table, dim / sam.heads});
    list.Add(block + "attn.rel_pos_w", {table, dim / sam.heads});
    list.AddNorm(block + "norm2", dim);
    list.AddLinear(block + "mlp.lin1", dim, hidden);
    list.AddLinear(block + "mlp.lin2", hidden, dim);
  }
  list.Add(root + "neck.0.weight", {out, dim, 1, 1});
  list.AddNorm(root + "neck.1", out);
  list.Add(root + "neck.2.weight", {out, out, 3, 3});
  list.AddNorm(root + "neck.3", out);
  list.Add(root + "net_2.weight", {sam.downsample_channels[0], out, 3, 3});
  list.Add(root + "net_3.weight", {sam.downsample_channels[1], sam.downsample_channels[0], 3, 3});
}

void AddClip(List& list, const ClipConfig& clip) {
  const std::string root = "model.vision_model.";
  const int64_t dim = clip.width;
  const int64_t hidden = static_cast<int64_t>(static_cast<double>(dim) * clip.mlp_ratio);
  list.Add(root + "embeddings.class_embedding", {dim});
  list.Add(root + "embeddings.patch_embedding.weight", {dim, 3, kAnySize, kAnySize});
  list.Add(root + "embeddings.position_embedding.weight", {kAnySize, dim});
  list.AddNorm(root + "pre_layrnorm", dim);
  for (int64_t i = 0; i < clip.layers; ++i) {
    const std::string layer = absl::StrCat(root, "transformer.layers.", i, ".");
    list.AddNorm(layer + "layer_norm1", dim);
    list.AddLinear(layer + "self_attn.qkv_proj", dim, 3 * dim);
    list.AddLinear(layer + "self_attn.out_proj", dim, dim);
    list.AddNorm(layer + "layer_norm2", dim);
    list.AddLinear(layer + "mlp.fc1", dim, hidden);
    list.AddLinear(layer + "mlp.fc2", hidden, dim);
  }
}

void AddQueryEncoder(List& list, const QueryEncoderConfig& encoder) {
  const std::string root = "model.qwen2_model.", body = root + "model.model.";
  const int64_t dim = encoder.dim, kv_dim = dim / encoder.heads * encoder.kv_heads;
  list.Add(root + "query_768.weight", {kAnySize, dim});
  list.Add(root + "query_1024.weight", {kAnySize, dim});
  for (int64_t i = 0; i < encoder.layers; ++i) {
    const std::string layer = absl::StrCat(body, "layers.", i, ".");
    list.Add(layer + "input_layernorm.weight", {dim});
    list.AddLinear(layer + "self_attn.q_proj", dim, dim);
    list.AddLinear(layer + "self_attn.k_proj", dim, kv_dim);
    list.AddLinear(layer + "self_attn.v_proj", dim, kv_dim);
    list.Add(layer + "self_attn.o_proj.weight", {dim, dim});
    list.Add(layer + "post_attention_layernorm.weight", {dim});
    list.AddSwiGlu(layer + "mlp", dim, encoder.intermediate_size);
  }
  list.Add(body + "norm.weight", {dim});
}

void AddDecoder(List& list, const DecoderConfig& decoder) {
  const int64_t hidden = decoder.hidden_size, width = decoder.moe_intermediate_size;
  list.Add("model.embed_tokens.weight", {decoder.vocab_size, hidden});
  for (int64_t i = 0; i < decoder.num_hidden_layers; ++i) {
    const std::string layer = absl::StrCat("model.layers.", i, ".");
    list.Add(layer + "input_layernorm.weight", {hidden});
    for (const char* part : {"q", "k", "v", "o"}) {
      list.Add(absl::StrCat(layer, "self_attn.", part, "_proj.weight"), {hidden, hidden});
    }
    list.Add(layer + "post_attention_layernorm.weight", {hidden});
    if (i < decoder.first_k_dense_replace) {
      list.AddSwiGlu(layer + "mlp", hidden, decoder.intermediate_size);
      continue;
    }
    list.Add(layer + "mlp.gate.weight", {decoder.n_routed_experts, hidden});
    for (int64_t e = 0; e < decoder.n_routed_experts; ++e) {
      list.AddSwiGlu(absl::StrCat(layer, "mlp.experts.", e), hidden, width);
    }
    list.AddSwiGlu(layer + "mlp.shared_experts", hidden, width * decoder.n_shared_experts);
  }
  list.Add("model.norm.weight", {hidden});
  if (!decoder.tie_word_embeddings) list.Add("lm_head.weight", {decoder.vocab_size, hidden});
}

}  // namespace

std::vector<ExpectedTensor> ListTensors(const Architecture& architecture) {
  List list;
  const int64_t hidden = architecture.decoder.hidden_size;
  AddSam(list, architecture.sam);
  if (architecture.family == ModelFamily::kV1) {
    AddClip(list, architecture.clip);
    list.Add("model.image_newline", {hidden});
  } else {
    AddQueryEncoder(list, architecture.query_encoder);
  }
  list.AddLinear("model.projector.layers", architecture.projector_input_dim, hidden);
  list.Add("model.view_seperator", {hidden});
  AddDecoder(list, architecture.decoder);
  return list.Take();
}

bool IsUnusedTensor(std::string_view name) {
  return std::any_of(std::begin(kUnused), std::end(kUnused), [&](absl::string_view end) {
    return absl::EndsWith(absl::string_view(name.data(), name.size()), end);
  });
}

std::string OfficialName(std::string_view stored) {
  absl::string_view name(stored.data(), stored.size());
  if (absl::ConsumePrefix(&name, "language_model.")) return std::string(name);
  absl::string_view rest = name;
  if (absl::ConsumePrefix(&rest, "vision_model.qwen2_encoder.")) {
    if (absl::StartsWith(rest, "query_"))
      return absl::StrCat("model.qwen2_model.", rest, ".weight");
    return absl::StrCat("model.qwen2_model.model.model.", rest);
  }
  if (name == "view_separator" || name == "model.view_separator") return "model.view_seperator";
  for (const char* root : {"sam_model.", "vision_model.", "projector.", "image_newline"}) {
    if (absl::StartsWith(name, root)) return absl::StrCat("model.", name);
  }
  return std::string(name);
}

}  // namespace quire
