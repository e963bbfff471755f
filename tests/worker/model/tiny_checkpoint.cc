#include "tests/worker/model/tiny_checkpoint.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace quire::worker {
namespace {

uint32_t Fnv1a(const std::string& text) {
  uint32_t hash = 0x811c9dc5;
  for (const unsigned char c : text) hash = (hash ^ c) * 0x01000193;
  return hash;
}

uint32_t Finalise(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x85ebca6b;
  x = (x ^ (x >> 13)) * 0xc2b2ae35;
  return x ^ (x >> 16);
}

bool IsNormWeight(const std::string& name) {
  return absl::EndsWith(name, ".weight") &&
         (absl::StrContains(name, "norm") || absl::StrContains(name, "neck.1.") ||
          absl::StrContains(name, "neck.3."));
}

class Builder {
 public:
  void Add(const std::string& name, const std::vector<int64_t>& shape) {
    tensors_[name] = HashedTensor(name, shape, 0.25, IsNormWeight(name) ? 1 : 0);
  }
  void AddLinear(const std::string& name, int64_t out, int64_t in) {
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
  std::map<std::string, at::Tensor> Take() { return std::move(tensors_); }

 private:
  std::map<std::string, at::Tensor> tensors_;
};

void AddSam(Builder& builder) {
  const std::string sam = "model.sam_model.";
  builder.Add(sam + "patch_embed.proj.weight", {16, 3, 16, 16});
  builder.Add(sam + "patch_embed.proj.bias", {16});
  builder.Add(sam + "pos_embed", {1, 8, 8, 16});
  for (int i = 0; i < 2; ++i) {
    const std::string block = absl::StrCat(sam, "blocks.", i, ".");
    builder.AddNorm(block + "norm1", 16);
    builder.AddNorm(block + "norm2", 16);
    builder.AddLinear(block + "attn.qkv", 48, 16);
    builder.AddLinear(block + "attn.proj", 16, 16);
    builder.Add(block + "attn.rel_pos_h", {i == 0 ? 5 : 15, 8});
    builder.Add(block + "attn.rel_pos_w", {i == 0 ? 5 : 15, 8});
    builder.AddLinear(block + "mlp.lin1", 64, 16);
    builder.AddLinear(block + "mlp.lin2", 16, 64);
  }
  builder.Add(sam + "neck.0.weight", {8, 16, 1, 1});
  builder.AddNorm(sam + "neck.1", 8);
  builder.Add(sam + "neck.2.weight", {8, 8, 3, 3});
  builder.AddNorm(sam + "neck.3", 8);
  builder.Add(sam + "net_2.weight", {12, 8, 3, 3});
  builder.Add(sam + "net_3.weight", {24, 12, 3, 3});
}

void AddClip(Builder& builder) {
  const std::string clip = "model.vision_model.";
  builder.Add(clip + "embeddings.class_embedding", {24});
  builder.Add(clip + "embeddings.position_embedding.weight", {17, 24});
  builder.AddNorm(clip + "pre_layrnorm", 24);
  for (int i = 0; i < 2; ++i) {
    const std::string layer = absl::StrCat(clip, "transformer.layers.", i, ".");
    builder.AddNorm(layer + "layer_norm1", 24);
    builder.AddNorm(layer + "layer_norm2", 24);
    builder.AddLinear(layer + "self_attn.qkv_proj", 72, 24);
    builder.AddLinear(layer + "self_attn.out_proj", 24, 24);
    builder.AddLinear(layer + "mlp.fc1", 48, 24);
    builder.AddLinear(layer + "mlp.fc2", 24, 48);
  }
}

void AddQueryEncoder(Builder& builder) {
  const std::string encoder = "model.qwen2_model.";
  builder.Add(encoder + "query_768.weight", {4, 24});
  builder.Add(encoder + "query_1024.weight", {9, 24});
  const std::string body = encoder + "model.model.";
  builder.Add(body + "norm.weight", {24});
  for (int i = 0; i < 2; ++i) {
    const std::string layer = absl::StrCat(body, "layers.", i, ".");
    builder.Add(layer + "input_layernorm.weight", {24});
    builder.Add(layer + "post_attention_layernorm.weight", {24});
    builder.AddLinear(layer + "self_attn.q_proj", 24, 24);
    builder.AddLinear(layer + "self_attn.k_proj", 12, 24);
    builder.AddLinear(layer + "self_attn.v_proj", 12, 24);
    builder.Add(layer + "self_attn.o_proj.weight", {24, 24});
    builder.AddSwiGlu(layer + "mlp", 24, 40);
  }
}

void AddDecoder(Builder& builder) {
  builder.Add("model.embed_tokens.weight", {128, 32});
  builder.Add("lm_head.weight", {128, 32});
  builder.Add("model.norm.weight", {32});
  for (int i = 0; i < 4; ++i) {
    const std::string layer = absl::StrCat("model.layers.", i, ".");
    builder.Add(layer + "input_layernorm.weight", {32});
    builder.Add(layer + "post_attention_layernorm.weight", {32});
    for (const char* part : {"q", "k", "v", "o"}) {
      builder.Add(absl::StrCat(layer, "self_attn.", part, "_proj.weight"), {32, 32});
    }
    if (i == 0) {
      builder.AddSwiGlu(layer + "mlp", 32, 64);
      continue;
    }
    builder.Add(layer + "mlp.gate.weight", {4, 32});
    for (int e = 0; e < 4; ++e) builder.AddSwiGlu(absl::StrCat(layer, "mlp.experts.", e), 32, 16);
    builder.AddSwiGlu(layer + "mlp.shared_experts", 32, 32);
  }
}

const char* SafetensorsType(const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kBFloat16:
      return "BF16";
    case at::kHalf:
      return "F16";
    case at::kInt:
      return "U32";
    case at::kLong:
      return "I64";
    default:
      return "F32";
  }
}

}  // namespace

at::Tensor HashedTensor(const std::string& name, const std::vector<int64_t>& shape, double scale,
                        double base) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  float* values = tensor.data_ptr<float>();
  const uint32_t seed = Fnv1a(name);
  for (int64_t i = 0; i < tensor.numel(); ++i) {
    const uint32_t x = Finalise(seed + 2654435761u * static_cast<uint32_t>(i));
    values[i] = static_cast<float>(base + scale * (2 * (x / 4294967296.0) - 1));
  }
  return tensor;
}

std::string TinyCheckpoint::DefaultConfig() {
  return R"({"architectures": ["DeepseekOCRForCausalLM"], "image_token_id": 100,
    "language_config": {"hidden_size": 32, "num_hidden_layers": 4, "num_attention_heads": 4,
      "num_key_value_heads": 4, "intermediate_size": 64, "moe_intermediate_size": 16,
      "n_routed_experts": 4, "n_shared_experts": 2, "num_experts_per_tok": 2,
      "first_k_dense_replace": 1, "vocab_size": 128, "max_position_embeddings": 2048},
    "projector_config": {"input_dim": 48, "n_embed": 32},
    "vision_config": {"width": {
      "clip-l-14-224": {"width": 24, "layers": 2, "heads": 2, "mlp_ratio": 2, "image_size": 256},
      "sam_vit_b": {"width": 16, "layers": 2, "heads": 2, "global_attn_indexes": [1],
        "window_size": 3, "out_chans": 8, "downsample_channels": [12, 24], "image_size": 128}}},
    "quire": {"name": "tiny", "base_size": 192, "image_size": 128, "fit": "pad", "min_crops": 2,
      "max_crops": 4, "prompts": {"FREE_TEXT": "<image>\nFree OCR."}}})";
}

TinyCheckpoint TinyCheckpoint::V2() {
  Builder builder;
  AddSam(builder);
  AddQueryEncoder(builder);
  AddDecoder(builder);
  builder.AddLinear("model.projector.layers", 32, 24);
  builder.Add("model.view_seperator", {32});
  TinyCheckpoint checkpoint{.config = DefaultConfig(), .tensors = builder.Take()};
  checkpoint.config = absl::StrReplaceAll(
      checkpoint.config,
      {{"DeepseekOCRForCausalLM", "DeepseekOCR2ForCausalLM"},
       {"\"input_dim\": 48", "\"input_dim\": 24"},
       {R"("clip-l-14-224": {"width": 24, "layers": 2, "heads": 2, "mlp_ratio": 2, "image_size": 256})",
        R"("qwen2-0-5b": {"dim": 24, "layers": 2, "heads": 4, "kv_heads": 2, "intermediate_size": 40})"}});
  return checkpoint;
}

std::map<std::string, at::Tensor> TinyCheckpoint::DefaultTensors() {
  Builder builder;
  AddSam(builder);
  AddClip(builder);
  AddDecoder(builder);
  builder.AddLinear("model.projector.layers", 32, 48);
  builder.Add("model.image_newline", {32});
  builder.Add("model.view_seperator", {32});
  return builder.Take();
}

std::string SafetensorsBytes(const std::map<std::string, at::Tensor>& tensors) {
  nlohmann::json header;
  std::string body;
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor flat = tensor.contiguous();
    const size_t begin = body.size();
    body.append(static_cast<const char*>(flat.const_data_ptr()), flat.nbytes());
    header[name] = {{"dtype", SafetensorsType(flat)},
                    {"shape", flat.sizes().vec()},
                    {"data_offsets", {begin, body.size()}}};
  }
  const std::string text = header.dump();
  const uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + text + body;
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  ASSERT_TRUE(file.good()) << path;
}

TemporaryCheckpoint::TemporaryCheckpoint(const TinyCheckpoint& checkpoint)
    : path_(testing::TempDir() + "/quire-model-XXXXXX") {
  EXPECT_NE(mkdtemp(path_.data()), nullptr);
  WriteFile(path_ + "/config.json", checkpoint.config);
  WriteFile(path_ + "/model.safetensors", SafetensorsBytes(checkpoint.tensors));
}

TemporaryCheckpoint::~TemporaryCheckpoint() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace quire::worker
