// A checkpoint as MLX's converter writes it (names, stacked experts, channels last, 8 bits) is the
// model that its values in the official layout are.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <atomic>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/worker/model/tiny_checkpoint.h"
#include "worker/model/kv_cache.h"
#include "worker/model/matrix.h"
#include "worker/model/ocr_model.h"

namespace quire::worker {
namespace {

constexpr int64_t kGroup = 16;
constexpr int kExperts = 4;

bool IsQuantised(const std::string& name) {
  for (const char* part : {"_proj.weight", "embed_tokens.weight", "lm_head.weight", "projector.layers.weight"}) {
    if (absl::EndsWith(name, part)) return !absl::StrContains(name, "vision_model") && !absl::StrContains(name, "qwen2");
  }
  return false;
}

std::string MlxName(const std::string& official) {
  if (official == "model.view_seperator") return "view_separator";
  const std::string name = absl::StrReplaceAll(
      official, {{"model.qwen2_model.model.model.", "vision_model.qwen2_encoder."},
                 {"model.qwen2_model.query_768.weight", "vision_model.qwen2_encoder.query_768"},
                 {"model.qwen2_model.query_1024.weight", "vision_model.qwen2_encoder.query_1024"}});
  if (name != official) return name;
  for (const char* root : {"model.sam_model.", "model.vision_model.", "model.projector.", "model.image_newline"}) {
    if (absl::StartsWith(official, root)) return official.substr(6);
  }
  return absl::StrCat("language_model.", official);
}

struct Quantised {
  at::Tensor words, scales, biases, values;
};

Quantised Quantise(const at::Tensor& weight, int64_t group) {
  const int64_t out = weight.size(0), in = weight.size(1);
  const at::Tensor grouped = weight.view({out, in / group, group});
  const at::Tensor least = grouped.amin(-1), range = grouped.amax(-1) - least;
  const at::Tensor scales = (range / 255).to(at::kBFloat16), biases = least.to(at::kBFloat16);
  const at::Tensor wide = scales.to(at::kFloat).unsqueeze(-1), low = biases.to(at::kFloat).unsqueeze(-1);
  const at::Tensor codes = ((grouped - low) / wide).round().clamp(0, 255);
  return {codes.to(at::kByte).view({out, in}).contiguous().view(at::kInt), scales, biases,
          (codes * wide + low).view({out, in})};
}

struct Pair {
  TinyCheckpoint official, mlx;
};

// The same model twice. `single_group` is the group of one module alone.
Pair BothLayouts(TinyCheckpoint official, int64_t single_group = kGroup) {
  TinyCheckpoint mlx;
  mlx.tensors.clear();
  mlx.config = absl::StrReplaceAll(
      official.config, {{"\"language_config\"", absl::StrCat("\"quantization\": {\"group_size\": ", kGroup,
                                                              ", \"bits\": 8}, \"language_config\"")}});
  EXPECT_NE(mlx.config, official.config);
  std::map<std::string, std::vector<at::Tensor>> stacks;
  for (auto& [name, tensor] : official.tensors) {
    std::map<std::string, at::Tensor> parts;
    if (IsQuantised(name) && tensor.size(1) % kGroup == 0) {
      const bool single = absl::EndsWith(name, "layers.1.self_attn.o_proj.weight");
      const Quantised quantised = Quantise(tensor, single ? single_group : kGroup);
      tensor = quantised.values;
      const std::string stem = name.substr(0, name.size() - 7);
      parts = {{stem + ".weight", quantised.words}, {stem + ".scales", quantised.scales},
               {stem + ".biases", quantised.biases}};
    } else {
      parts = {{name, tensor.dim() == 4 && !absl::StrContains(name, "pos_embed")
                          ? tensor.permute({0, 2, 3, 1}).contiguous()
                          : tensor}};
    }
    for (const auto& [part, values] : parts) {
      const size_t at = part.find(".mlp.experts.");
      if (at == std::string::npos) {
        mlx.tensors[MlxName(part)] = values;
      } else {
        const std::string rest = part.substr(part.find('.', at + 13));
        stacks[MlxName(part.substr(0, at) + ".mlp.switch_mlp" + rest)].push_back(values);
      }
    }
  }
  for (const auto& [name, experts] : stacks) {
    EXPECT_EQ(experts.size(), kExperts);
    mlx.tensors[name] = at::stack(experts);
  }
  return {std::move(official), std::move(mlx)};
}

at::Tensor Logits(const OcrModel& model) {
  const auto cache = model.MakeKvCache(64);
  const std::vector<int> ids = {1, 2, 3, 5, 8};
  StepSequence step{.sequence = cache->Open(), .rows = 5, .want_logits = true};
  EXPECT_TRUE(cache->Reserve(step.sequence, 5));
  std::vector<at::Tensor> logits = {model.Step(model.Embed(ids), {&step, 1}, *cache)};
  step.rows = 1;
  for (const int id : {13, 21}) {  // as decoding does it
    EXPECT_TRUE(cache->Reserve(step.sequence, 1));
    const std::vector<int> one = {id};
    logits.push_back(model.Step(model.Embed(one), {&step, 1}, *cache));
  }
  return at::cat(logits, 0);
}

void ExpectOneModel(const Pair& pair) {
  const TemporaryCheckpoint official_folder(pair.official), mlx_folder(pair.mlx);
  const auto official = OcrModel::Load(official_folder.path(), {});
  const auto mlx = OcrModel::Load(mlx_folder.path(), {});
  ASSERT_TRUE(official.ok()) << official.status();
  ASSERT_TRUE(mlx.ok()) << mlx.status();

  const at::Tensor expected = Logits(**official), found = Logits(**mlx);
  EXPECT_LT((found - expected).abs().max().item<float>(), 1e-5);
  EXPECT_GT(expected.std().item<float>(), 0.1) << "logits that say nothing";

  const std::atomic<bool> stop = false;
  const int64_t side = (*official)->config().family == ModelFamily::kV1 ? 128 : 192;
  const at::Tensor view = HashedTensor("view", {1, 3, side, side});
  const auto expected_rows = (*official)->EncodeViews(view, stop), rows = (*mlx)->EncodeViews(view, stop);
  EXPECT_LT((*rows - *expected_rows).abs().max().item<float>(), 1e-4);
}

TEST(MlxLayout, OfV1IsTheOfficialModel) { ExpectOneModel(BothLayouts(TinyCheckpoint())); }

TEST(MlxLayout, OfV2IsTheOfficialModel) { ExpectOneModel(BothLayouts(TinyCheckpoint::V2())); }

TEST(MlxLayout, ASingleModuleMayHaveGroupsOfItsOwn) {
  ExpectOneModel(BothLayouts(TinyCheckpoint(), /*single_group=*/32));
}

// As on a GPU, where codes are kept by flag and decoded at each use.
void ExpectKeptCodesToAgree(const std::string& dtype, double tolerance) {
  const Pair pair = BothLayouts(TinyCheckpoint());
  const TemporaryCheckpoint folder(pair.mlx);
  const auto decoded = OcrModel::Load(folder.path(), {.dtype = dtype, .eight_bit = "decode"});
  const auto kept = OcrModel::Load(folder.path(), {.dtype = dtype, .eight_bit = "keep"});
  ASSERT_TRUE(decoded.ok() && kept.ok()) << kept.status();
  EXPECT_LT((Logits(**kept) - Logits(**decoded)).abs().max().item<float>(), tolerance);
}

// Decoding is one multiplication and one addition in float32; whether they are fused may move the
// last bit of a value, and of a logit that of bfloat16 at 1.
TEST(MlxLayout, KeptInBfloat16GivesWhatDecodedOnLoadingGives) {
  ExpectKeptCodesToAgree("bf16", 0x1p-6);
}

TEST(MlxLayout, KeptInFloat16GivesWhatDecodedOnLoadingGives) {
  ExpectKeptCodesToAgree("f16", 0x1p-9);
}

TEST(MlxLayout, DecodedInFloat32GivesWhatKeptCodesGive) { ExpectKeptCodesToAgree("f32", 1e-5); }

TEST(MlxLayout, IsNotKeptOnMps) {
  const TemporaryCheckpoint folder(BothLayouts(TinyCheckpoint()).mlx);
  const auto model = OcrModel::Load(folder.path(), {.device = "mps", .eight_bit = "keep"});
  EXPECT_TRUE(absl::IsInvalidArgument(model.status()));
  EXPECT_TRUE(absl::StrContains(model.status().message(), "--eight-bit decode"));
}

// What is kept takes a byte a weight and not two.
TEST(MlxLayout, IsKeptWhereAskedAndNotWhereDecodingIsAskedFor) {
  const TemporaryCheckpoint folder(BothLayouts(TinyCheckpoint()).mlx);
  Weights weights = Weights::Open(folder.path(), {.group_size = kGroup}).value();
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    weights.Place(at::TensorOptions().dtype(type), /*keep_codes=*/true);
    const WeightScope head = WeightScope(weights) / "lm_head";
    const auto shape = head.ShapeOf("weight");
    const Matrix kept = Matrix::Load(head, 4 * shape[1], shape[0]).value();
    weights.Place(at::TensorOptions().dtype(type), /*keep_codes=*/false);
    const Matrix decoded = Matrix::Load(head, 4 * shape[1], shape[0]).value();
    EXPECT_TRUE(kept.is_coded());
    EXPECT_FALSE(decoded.is_coded());
    EXPECT_EQ(kept.Values().scalar_type(), type);
    const double rounding = type == at::kFloat ? 1e-6 : 0x1p-8;
    EXPECT_TRUE(at::allclose(kept.Values(), decoded.Values(), rounding, /*atol=*/1e-7));
  }
}

TEST(MlxLayout, InBfloat16IsDecodedOnLoading) {
  const Pair pair = BothLayouts(TinyCheckpoint());
  const TemporaryCheckpoint official_folder(pair.official), mlx_folder(pair.mlx);
  const ModelPlacement options{.device = "cpu", .dtype = "bf16"};
  const auto official = OcrModel::Load(official_folder.path(), options);
  const auto mlx = OcrModel::Load(mlx_folder.path(), options);
  ASSERT_TRUE(official.ok() && mlx.ok()) << mlx.status();
  EXPECT_TRUE(at::equal(Logits(**official), Logits(**mlx)));
}

}  // namespace
}  // namespace quire::worker
