#include "proto/checkpoint/check_tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/proto/checkpoint/checkpoint_folder.h"

namespace quire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kPath[] = "/m/a.safetensors";

TensorReport Report(const std::vector<NamedTensor>& tensors) {
  return CheckTensors(ParseArchitecture(TinyConfig(), "config.json").value(), {.paths = {kPath}},
                      {HeaderOf(tensors, kPath)});
}

std::vector<std::string> FaultsOf(const std::vector<NamedTensor>& tensors) {
  std::vector<std::string> faults;
  for (const absl::Status& fault : Report(tensors).faults) faults.emplace_back(fault.message());
  return faults;
}

NamedTensor& Find(std::vector<NamedTensor>& tensors, const std::string& name) {
  for (NamedTensor& tensor : tensors) {
    if (tensor.name == name) return tensor;
  }
  ADD_FAILURE() << name;
  return tensors.front();
}

// A tensor in MLX's layout of 8 bits and groups of 4.
void Quantise(std::vector<NamedTensor>& tensors, const std::string& name) {
  NamedTensor& weight = Find(tensors, name);
  const std::string stem = name.substr(0, name.size() - 7);
  std::vector<int64_t> groups = weight.shape;
  groups.back() /= 4;
  weight.shape = groups;
  weight.dtype = "U32";
  tensors.push_back({stem + ".scales", "BF16", groups});
  tensors.push_back({stem + ".biases", "BF16", groups});
}

TEST(CheckTensors, AWholeCheckpointHasNoFault) {
  for (const char* dtype : {"BF16", "F32"}) {
    const TensorReport report = Report(TinyTensors(dtype));
    EXPECT_THAT(report.faults, IsEmpty()) << dtype;
    EXPECT_EQ(report.tensors, static_cast<int64_t>(TinyTensors().size()));
    EXPECT_EQ(static_cast<uint64_t>(report.parameters) * (dtype[0] == 'F' ? 4 : 2),
              report.data_bytes);
    EXPECT_FALSE(report.quantised);
  }
}

TEST(CheckTensors, NamesAMissingTensorWithItsShape) {
  std::vector<NamedTensor> tensors = TinyTensors();
  std::erase_if(tensors, [](const NamedTensor& t) {
    return t.name == "model.layers.1.mlp.experts.1.up_proj.weight";
  });
  EXPECT_THAT(FaultsOf(tensors),
              ElementsAre("/m/a.safetensors: tensor model.layers.1.mlp.experts.1.up_proj.weight of "
                          "shape [4, 8] is missing"));
}

TEST(CheckTensors, NamesASurplusTensor) {
  std::vector<NamedTensor> tensors = TinyTensors();
  tensors.push_back({"model.layers.2.input_layernorm.weight", "BF16", {8}});
  EXPECT_THAT(FaultsOf(tensors),
              ElementsAre("/m/a.safetensors: tensor model.layers.2.input_layernorm.weight of shape "
                          "[8] belongs to no part of this model"));
}

TEST(CheckTensors, TensorsThatOfficialFilesCarryWithoutUseAreNoSurplus) {
  std::vector<NamedTensor> tensors = TinyTensors();
  tensors.push_back({"model.vision_model.embeddings.position_ids", "I64", {1, 5}});
  tensors.push_back(
      {"model.vision_model.embeddings.patch_embedding.weight", "BF16", {8, 3, 14, 14}});
  tensors.push_back({"model.layers.0.self_attn.rotary_emb.inv_freq", "F32", {2}});
  EXPECT_THAT(FaultsOf(tensors), IsEmpty());
}

TEST(CheckTensors, NamesAMisshapedTensorWithBothShapes) {
  std::vector<NamedTensor> tensors = TinyTensors();
  Find(tensors, "model.norm.weight").shape = {7};
  EXPECT_THAT(
      FaultsOf(tensors),
      ElementsAre("/m/a.safetensors: tensor model.norm.weight has the shape [7]; expected [8]"));
}

TEST(CheckTensors, NamesAShapeOfWhichOneSizeIsFree) {
  std::vector<NamedTensor> tensors = TinyTensors();
  Find(tensors, "model.vision_model.embeddings.position_embedding.weight").shape = {5, 9};
  EXPECT_THAT(FaultsOf(tensors), ElementsAre(HasSubstr("has the shape [5, 9]; expected [any, 8]")));
  Find(tensors, "model.vision_model.embeddings.position_embedding.weight").shape = {0, 8};
  EXPECT_THAT(FaultsOf(tensors), ElementsAre(HasSubstr("has the shape [0, 8]")));
}

TEST(CheckTensors, NamesAWrongTypeWithWhatWouldDo) {
  std::vector<NamedTensor> tensors = TinyTensors();
  Find(tensors, "model.norm.weight").dtype = "I64";
  EXPECT_THAT(FaultsOf(tensors), ElementsAre("/m/a.safetensors: tensor model.norm.weight has the "
                                             "type I64; expected BF16 or F16 or F32"));
}

TEST(CheckTensors, KnowsEightBitTensors) {
  std::vector<NamedTensor> tensors = TinyTensors();
  Quantise(tensors, "model.layers.0.self_attn.q_proj.weight");
  Quantise(tensors, "lm_head.weight");
  const TensorReport report = Report(tensors);
  EXPECT_THAT(report.faults, IsEmpty());
  EXPECT_TRUE(report.quantised);
  EXPECT_EQ(report.parameters, Report(TinyTensors()).parameters);
}

TEST(CheckTensors, SingleEightBitTensorsMayHaveGroupsOfTheirOwn) {
  std::vector<NamedTensor> tensors = TinyTensors();
  Quantise(tensors, "lm_head.weight");
  Find(tensors, "lm_head.scales").shape = {16, 1};
  Find(tensors, "lm_head.biases").shape = {16, 1};
  EXPECT_THAT(FaultsOf(tensors), IsEmpty());
  Find(tensors, "lm_head.biases").shape = {16, 2};
  EXPECT_THAT(FaultsOf(tensors), ElementsAre(HasSubstr("lm_head.biases has the shape [16, 2]")));
}

TEST(CheckTensors, NamesWhatIsWrongWithAnEightBitTensor) {
  std::vector<NamedTensor> tensors = TinyTensors();
  Quantise(tensors, "lm_head.weight");
  Find(tensors, "lm_head.weight").shape = {16, 3};
  EXPECT_THAT(
      FaultsOf(tensors),
      ElementsAre(HasSubstr("tensor lm_head.weight has the shape [16, 3]; expected [16, 2]")));
  Find(tensors, "lm_head.weight") = {"lm_head.weight", "F32", {16, 2}};
  EXPECT_THAT(FaultsOf(tensors), ElementsAre(HasSubstr("has the type F32; expected U32")));
  Find(tensors, "lm_head.weight").dtype = "U32";
  std::erase_if(tensors, [](const NamedTensor& t) { return t.name == "lm_head.biases"; });
  EXPECT_THAT(FaultsOf(tensors),
              ElementsAre(HasSubstr("tensor lm_head.biases of shape [16, 2] is missing")));
}

TEST(CheckTensors, ANormOfEightBitsIsRefused) {
  std::vector<NamedTensor> tensors = TinyTensors();
  Quantise(tensors, "model.norm.weight");
  EXPECT_THAT(FaultsOf(tensors),
              ElementsAre(HasSubstr("tensor model.norm.weight of shape [8] is quantised")));
}

// As mlx-vlm's converter writes it: other names, stacked experts, convolutions channel-last.
std::vector<NamedTensor> MlxTensors() {
  std::vector<NamedTensor> tensors;
  for (NamedTensor tensor : TinyTensors()) {
    if (absl::StrContains(tensor.name, ".experts.1.")) continue;
    if (absl::StrContains(tensor.name, ".experts.0.")) {
      tensor.shape.insert(tensor.shape.begin(), 2);
      tensor.name = absl::StrReplaceAll(tensor.name, {{".experts.0.", ".switch_mlp."}});
    }
    if (tensor.shape.size() == 4 && tensor.name != "model.sam_model.pos_embed") {
      tensor.shape = {tensor.shape[0], tensor.shape[2], tensor.shape[3], tensor.shape[1]};
    }
    const bool language = absl::StartsWith(tensor.name, "model.layers") ||
                          absl::StartsWith(tensor.name, "model.embed") ||
                          absl::StartsWith(tensor.name, "model.norm") ||
                          absl::StartsWith(tensor.name, "lm_head");
    tensor.name = language ? absl::StrCat("language_model.", tensor.name) : tensor.name.substr(6);
    if (tensor.name == "view_seperator") tensor.name = "view_separator";
    tensors.push_back(tensor);
  }
  return tensors;
}

TEST(CheckTensors, KnowsMlxsNamesAndStackedExperts) {
  std::vector<NamedTensor> tensors = MlxTensors();
  Quantise(tensors, "language_model.model.layers.1.mlp.switch_mlp.gate_proj.weight");
  const TensorReport report = Report(tensors);
  EXPECT_THAT(report.faults, IsEmpty()) << report.faults[0];
  EXPECT_EQ(report.parameters, Report(TinyTensors()).parameters);
}

TEST(CheckTensors, NamesAStackOfTooFewExperts) {
  std::vector<NamedTensor> tensors = MlxTensors();
  Find(tensors, "language_model.model.layers.1.mlp.switch_mlp.down_proj.weight").shape = {1, 8, 4};
  EXPECT_THAT(FaultsOf(tensors),
              ElementsAre(HasSubstr(
                  "switch_mlp.down_proj.weight has the shape [1, 8, 4]; expected [2, 8, 4]")));
}

TEST(CheckTensors, OneTensorUnderTwoNamesIsThereTwice) {
  std::vector<NamedTensor> tensors = TinyTensors();
  tensors.push_back({"view_separator", "BF16", {8}});
  EXPECT_THAT(FaultsOf(tensors),
              ElementsAre(HasSubstr("tensor view_separator is in /m/a.safetensors too")));
}

TEST(CheckTensors, TheIndexIsHeldToItsWord) {
  const WeightFiles files{.paths = {kPath},
                          .shard_of = {{"model.norm.weight", "b.safetensors"},
                                       {"model.image_newline", "a.safetensors"}},
                          .index_path = "/m/index.json"};
  const TensorReport report = CheckTensors(ParseArchitecture(TinyConfig(), "config.json").value(),
                                           files, {HeaderOf(TinyTensors(), kPath)});
  ASSERT_EQ(report.fault_count, 1);
  EXPECT_EQ(
      report.faults[0].message(),
      "/m/index.json: tensor model.norm.weight is not in b.safetensors but in /m/a.safetensors");
}

TEST(CheckTensors, ManyFaultsAreCountedAndTheFirstTold) {
  const TensorReport report = Report({{"x", "F32", {1}}});
  EXPECT_EQ(report.faults.size(), kMostFaults);
  EXPECT_EQ(report.fault_count, static_cast<int64_t>(TinyTensors().size()) + 1);
}

}  // namespace
}  // namespace quire
