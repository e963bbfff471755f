#include "tests/proto/checkpoint/checkpoint_folder.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/check.h"

namespace quire {

TestFolder::TestFolder() : path_(testing::TempDir() + "/quire-checkpoint-XXXXXX") {
  QUIRE_CHECK(mkdtemp(path_.data()) != nullptr);
  path_ = std::filesystem::canonical(path_).string();
}
TestFolder::~TestFolder() { std::filesystem::remove_all(path_); }

std::string TestFolder::Write(const std::string& name, const std::string& bytes) const {
  const std::filesystem::path path = path_ + "/" + name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
  return path.string();
}

void TestFolder::Link(const std::string& name, const std::string& target) const {
  const std::filesystem::path path = path_ + "/" + name;
  std::filesystem::create_directories(path.parent_path());
  std::filesystem::create_symlink(target, path);
}

std::string SafetensorsFile(const std::string& header, size_t data_bytes) {
  std::string file;
  for (int i = 0; i < 8; ++i) file += static_cast<char>(header.size() >> (8 * i));
  return file + header + std::string(data_bytes, '\0');
}

SafetensorsHeader HeaderOf(const std::vector<NamedTensor>& tensors, const std::string& path) {
  uint64_t reached = 0;
  std::vector<std::string> entries;
  for (const NamedTensor& tensor : tensors) {
    uint64_t bytes = tensor.dtype == "BF16" ? 2 : tensor.dtype == "I64" ? 8 : 4;
    for (const int64_t size : tensor.shape) bytes *= static_cast<uint64_t>(size);
    entries.push_back(absl::StrCat("\"", tensor.name, "\":{\"dtype\":\"", tensor.dtype,
                                   "\",\"shape\":[", absl::StrJoin(tensor.shape, ","),
                                   "],\"data_offsets\":[", reached, ",", reached + bytes, "]}"));
    reached += bytes;
  }
  const std::string json = absl::StrCat("{", absl::StrJoin(entries, ","), "}");
  const auto header = ParseSafetensorsHeader(json, 8 + json.size() + reached, path);
  EXPECT_TRUE(header.ok()) << header.status();
  return header.value_or(SafetensorsHeader());
}

std::string TinyConfig() {
  return R"({"architectures": ["DeepseekOCRForCausalLM"],
    "language_config": {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2,
      "intermediate_size": 12, "moe_intermediate_size": 4, "n_routed_experts": 2, "n_shared_experts": 1,
      "num_experts_per_tok": 1, "vocab_size": 16, "max_position_embeddings": 64},
    "projector_config": {"input_dim": 16, "n_embed": 8},
    "vision_config": {"width": {
      "clip-l-14-224": {"width": 8, "layers": 1, "heads": 2, "mlp_ratio": 2},
      "sam_vit_b": {"width": 8, "layers": 1, "heads": 2, "window_size": 2, "out_chans": 4, "image_size": 64,
        "global_attn_indexes": [0], "downsample_channels": [4, 8]}}},
    "quantization": {"group_size": 4, "bits": 8}, "image_token_id": 3})";
}

std::vector<NamedTensor> TinyTensors(const std::string& dtype) {
  std::vector<NamedTensor> tensors;
  for (const ExpectedTensor& expected :
       ListTensors(ParseArchitecture(TinyConfig(), "config.json").value())) {
    std::vector<int64_t> shape = expected.shape;
    for (int64_t& size : shape) size = size == kAnySize ? 5 : size;
    if (!expected.optional) tensors.push_back({expected.name, dtype, shape});
  }
  return tensors;
}

}  // namespace quire
