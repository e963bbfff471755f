// The lists of models.md's official checkpoints, summed: a wrong name, shape or count changes a
// total.
#include "proto/checkpoint/tensor_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/match.h"
#include "proto/checkpoint/check_tensors.h"

namespace quire {
namespace {

// The official files' configs say nothing that the defaults do not, but for the family.
Architecture Official(ModelFamily family) {
  const std::string name =
      family == ModelFamily::kV1 ? "DeepseekOCRForCausalLM" : "DeepseekOCR2ForCausalLM";
  return ParseArchitecture("{\"architectures\": [\"" + name + "\"]}", "config.json").value();
}

struct Total {
  int64_t tensors = 0, parameters = 0;
  bool operator==(const Total&) const = default;
};

// Sizes that the config does not tell, as the official checkpoints have them.
std::vector<int64_t> OfficialShape(const ExpectedTensor& tensor) {
  if (absl::StrContains(tensor.name, "position_embedding")) return {257, 1024};
  if (absl::StrContains(tensor.name, "patch_embedding")) return {1024, 3, 14, 14};
  if (absl::StrContains(tensor.name, "query_768")) return {144, 896};
  if (absl::StrContains(tensor.name, "query_1024")) return {256, 896};
  return tensor.shape;
}

Total Sum(const Architecture& architecture, const std::string& prefix = "") {
  Total total;
  for (const ExpectedTensor& tensor : ListTensors(architecture)) {
    if (!absl::StartsWith(tensor.name, prefix)) continue;
    int64_t elements = 1;
    for (const int64_t size : OfficialShape(tensor)) elements *= size;
    ++total.tensors;
    total.parameters += elements;
  }
  return total;
}

TEST(ListTensors, V1AddsUpToTheOfficialFile) {
  EXPECT_EQ(Sum(Official(ModelFamily::kV1)), (Total{2710, 3'336'106'240}));
}

TEST(ListTensors, V2AddsUpToTheOfficialFile) {
  EXPECT_EQ(Sum(Official(ModelFamily::kV2)), (Total{2707, 3'389'119'360}));
}

TEST(ListTensors, V1AddsUpModuleByModule) {
  const Architecture v1 = Official(ModelFamily::kV1);
  EXPECT_EQ(Sum(v1, "model.sam_model."), (Total{179, 95'569'152}));
  EXPECT_EQ(Sum(v1, "model.vision_model."), (Total{293, 303'177'728}));
  EXPECT_EQ(Sum(v1, "model.projector."), (Total{2, 2'622'720}));
  EXPECT_EQ(Sum(v1, "model.layers.1.mlp.experts.0."), (Total{3, 3'440'640}));
  EXPECT_EQ(Sum(v1, "model.layers.1.mlp.shared_experts."), (Total{3, 6'881'280}));
  EXPECT_EQ(Sum(v1, "model.layers.0.mlp."), (Total{3, 26'296'320}));
  EXPECT_EQ(Sum(v1, "model.layers.3.self_attn."), (Total{4, 6'553'600}));
}

TEST(ListTensors, V2AddsUpModuleByModule) {
  const Architecture v2 = Official(ModelFamily::kV2);
  EXPECT_EQ(Sum(v2, "model.sam_model."), (Total{179, 94'979'328}));
  EXPECT_EQ(Sum(v2, "model.qwen2_model."), (Total{291, 358'256'512}));
  EXPECT_EQ(Sum(v2, "model.projector."), (Total{2, 1'148'160}));
  EXPECT_EQ(Sum(v2, "model.vision_model."), (Total{0, 0}));
  EXPECT_EQ(Sum(v2, "model.image_newline"), (Total{0, 0}));
}

TEST(ListTensors, ATiedHeadIsNoTensor) {
  Architecture tied = Official(ModelFamily::kV1);
  tied.decoder.tie_word_embeddings = true;
  EXPECT_EQ(Sum(tied, "lm_head").tensors, 0);
}

TEST(ListTensors, ParametersAreCountedFromTheConfigAlone) {
  // One row of the position table stands for all 257, and the unused patch convolution is left out.
  EXPECT_EQ(CountParameters(Official(ModelFamily::kV1)), 3'336'106'240.0 - 256 * 1024 - 602'112);
}

TEST(OfficialName, UndoesWhatMlxsConverterRenames) {
  const std::map<std::string, std::string> official_of = {
      {"language_model.model.embed_tokens.weight", "model.embed_tokens.weight"},
      {"language_model.lm_head.scales", "lm_head.scales"},
      {"language_model.model.layers.3.mlp.switch_mlp.up_proj.biases",
       "model.layers.3.mlp.switch_mlp.up_proj.biases"},
      {"sam_model.neck.0.weight", "model.sam_model.neck.0.weight"},
      {"vision_model.pre_layrnorm.bias", "model.vision_model.pre_layrnorm.bias"},
      {"vision_model.qwen2_encoder.layers.2.mlp.up_proj.weight",
       "model.qwen2_model.model.model.layers.2.mlp.up_proj.weight"},
      {"vision_model.qwen2_encoder.norm.weight", "model.qwen2_model.model.model.norm.weight"},
      {"vision_model.qwen2_encoder.query_768", "model.qwen2_model.query_768.weight"},
      {"projector.layers.bias", "model.projector.layers.bias"},
      {"image_newline", "model.image_newline"},
      {"view_separator", "model.view_seperator"},
      {"model.view_separator", "model.view_seperator"}};
  for (const auto& [stored, official] : official_of)
    EXPECT_EQ(OfficialName(stored), official) << stored;
}

TEST(OfficialName, LeavesOfficialNamesAlone) {
  for (const ExpectedTensor& tensor : ListTensors(Official(ModelFamily::kV2))) {
    EXPECT_EQ(OfficialName(tensor.name), tensor.name);
  }
}

}  // namespace
}  // namespace quire
