// What a checkpoint that is not as its config.json says gets, and that sizes follow the config.

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "tests/worker/model/tiny_checkpoint.h"
#include "worker/model/kv_cache.h"
#include "worker/model/memory_check.h"
#include "worker/model/ocr_model.h"

namespace quire::worker {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

absl::Status StatusOf(const TinyCheckpoint& checkpoint) {
  const TemporaryCheckpoint folder(checkpoint);
  return OcrModel::Load(folder.path(), {}).status();
}

std::string MessageOf(const TinyCheckpoint& checkpoint) {
  return std::string(StatusOf(checkpoint).message());
}

TEST(Loading, NamesAMissingTensor) {
  TinyCheckpoint checkpoint;
  checkpoint.tensors.erase("model.layers.2.mlp.experts.3.up_proj.weight");

  EXPECT_TRUE(absl::IsInvalidArgument(StatusOf(checkpoint)));
  EXPECT_THAT(MessageOf(checkpoint), HasSubstr("model.layers.2.mlp.experts.3.up_proj.weight"));
}

TEST(Loading, NamesASurplusTensor) {
  TinyCheckpoint checkpoint;
  checkpoint.tensors["model.layers.9.input_layernorm.weight"] = at::ones({32});

  EXPECT_THAT(MessageOf(checkpoint), HasSubstr("model.layers.9.input_layernorm.weight"));
}

TEST(Loading, NamesAMisshapedTensorWithBothShapes) {
  TinyCheckpoint checkpoint;
  checkpoint.tensors["model.norm.weight"] = at::ones({31});

  EXPECT_THAT(MessageOf(checkpoint),
              AllOf(HasSubstr("model.norm.weight"), HasSubstr("31"), HasSubstr("32")));
}

TEST(Loading, NamesAWronglyTypedTensor) {
  TinyCheckpoint checkpoint;
  checkpoint.tensors["model.norm.weight"] = at::ones({32}, at::kInt);

  EXPECT_THAT(MessageOf(checkpoint), HasSubstr("model.norm.weight"));
}

TEST(Loading, OfAModelThatIsTooLargeSaysWhatIsNeededWhatThereIsAndWhatWouldFit) {
  const TemporaryCheckpoint folder{TinyCheckpoint()};
  const ModelPlacement small{.free_bytes = 10'000, .total_bytes = 20'000};

  const absl::Status refused = OcrModel::Load(folder.path(), small).status();
  const ModelPlacement cuda{.device = "cuda:0",
                            .dtype = "f32",
                            .free_bytes = 2'000'000'000,
                            .total_bytes = 4'000'000'000};
  const absl::Status on_cuda = CheckFits({7'000'000'000, 500'000'000}, cuda);

  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()),
              AllOf(HasSubstr("of cpu's memory"), HasSubstr("no model of the registry would fit")));
  EXPECT_THAT(std::string(on_cuda.message()),
              AllOf(HasSubstr("needs 7.50 GB of cuda:0's memory"),
                    HasSubstr("7.00 GB for its weights in f32"), HasSubstr("2.00 GB are free of 4.00 GB"),
                    HasSubstr("would fit: nano"), HasSubstr("--dtype bf16")));
}

TEST(Loading, OfAModelThatFitsGoesOn) {
  const TemporaryCheckpoint folder{TinyCheckpoint()};
  const int64_t needed = 100'000'000;
  EXPECT_TRUE(OcrModel::Load(folder.path(), {.free_bytes = needed}).ok());
  EXPECT_TRUE(OcrModel::Load(folder.path(), {.free_bytes = 0}).ok());  // unknown
}

TEST(Loading, SaysWhatIsWrongWithADamagedFile) {
  const TemporaryCheckpoint folder{TinyCheckpoint()};
  const std::string file = folder.path() + "/model.safetensors";
  const std::string whole = SafetensorsBytes(TinyCheckpoint::DefaultTensors());
  for (const size_t bytes : {size_t{0}, size_t{5}, size_t{200}, whole.size() / 2, whole.size() - 1}) {
    WriteFile(file, whole.substr(0, bytes));
    const absl::Status status = OcrModel::Load(folder.path(), {}).status();
    EXPECT_FALSE(status.ok()) << bytes;
    EXPECT_THAT(std::string(status.message()), HasSubstr("model.safetensors")) << bytes;
  }
}

TEST(Loading, ReadsHalfPrecisionAsItIsStored) {
  TinyCheckpoint checkpoint;
  for (auto& [name, tensor] : checkpoint.tensors) {
    tensor = tensor.to(name.size() % 2 == 0 ? at::kBFloat16 : at::kHalf);
  }
  EXPECT_TRUE(StatusOf(checkpoint).ok()) << StatusOf(checkpoint);
}

TEST(Loading, TakesSizesFromTheConfig) {
  // Another vocabulary and one layer less.
  TinyCheckpoint checkpoint;
  checkpoint.config = absl::StrReplaceAll(
      checkpoint.config,
      {{"\"vocab_size\": 128", "\"vocab_size\": 112"}, {"\"num_hidden_layers\": 4", "\"num_hidden_layers\": 3"}});
  for (const char* name : {"model.embed_tokens.weight", "lm_head.weight"}) {
    checkpoint.tensors[name] = HashedTensor(name, {112, 32}, 0.25);
  }
  std::erase_if(checkpoint.tensors,
                [](const auto& entry) { return entry.first.starts_with("model.layers.3."); });
  const TemporaryCheckpoint folder(checkpoint);
  const auto model = OcrModel::Load(folder.path(), {.device = "cpu", .dtype = "bf16"});
  ASSERT_TRUE(model.ok()) << model.status();
  const auto cache = (*model)->MakeKvCache(64);
  const StepSequence step{.sequence = cache->Open(), .rows = 2, .want_logits = true};
  ASSERT_TRUE(cache->Reserve(step.sequence, 2));
  const std::vector<int> ids = {1, 2};

  const at::Tensor logits = (*model)->Step((*model)->Embed(ids), {&step, 1}, *cache);

  EXPECT_EQ(logits.sizes().vec(), (std::vector<int64_t>{1, 112}));
  EXPECT_TRUE(logits.isfinite().all().item<bool>());
}

}  // namespace
}  // namespace quire::worker
