// Quire against what transformers computes for the same weights and pixels: fixtures/parity, which
// tests/parity/make_fixtures.py makes. Tolerance: 1e-4 an element in float32. The reference is
// float64; numbers are around 1, and float32 leaves errors of 1e-5 behind encoders and layers.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/worker/model/parity_cases.h"
#include "worker/model/clip_encoder.h"
#include "worker/model/decoder.h"
#include "worker/model/kv_cache.h"
#include "worker/model/ocr_model.h"
#include "worker/model/query_encoder.h"
#include "worker/model/sam_encoder.h"
#include "worker/model/weights.h"

namespace quire::worker {
namespace {

constexpr double kTolerance = 1e-4;
const std::atomic<bool> kNeverStop{false};

std::string NameOf(const testing::TestParamInfo<ParityCase>& info) {
  return info.param.model + "_" + info.param.page;
}

class Parity : public testing::TestWithParam<ParityCase> {
 protected:
  void SetUp() override {
    auto weights = Weights::Open(ParityModelFolder(GetParam().model), {});
    ASSERT_TRUE(weights.ok()) << weights.status();
    weights_ = std::make_unique<Weights>(*std::move(weights));
    weights_->Place(at::TensorOptions().dtype(at::kFloat));
  }
  const ModelConfig& config() const { return model_->config(); }
  WeightScope Root() { return WeightScope(*weights_) / "model"; }

  // The largest error goes into the test's record; where it is too large, which rows have such ones, too.
  void ExpectReference(const std::string& name, const at::Tensor& tensor) {
    ASSERT_TRUE(expected_.contains(name)) << name;
    const at::Tensor& reference = expected_.at(name);
    ASSERT_EQ(tensor.sizes().vec(), reference.sizes().vec()) << name;
    const at::Tensor errors = (tensor - reference).abs();
    const double error = errors.max().item<double>();
    RecordProperty(name, absl::StrCat(error));
    EXPECT_LT(error, kTolerance) << name << ", in " << at::nonzero(errors.flatten(1).amax(1) >= kTolerance)
                                                           .flatten() << " of " << errors.size(0);
  }
  at::Tensor StoredRows(const at::Tensor& rows) const {
    return rows.index_select(0, expected_.at("rows").to(at::kLong));
  }

  // All global views, then all tiles, as the reference batched them.
  std::map<std::string, at::Tensor> Views() const {
    std::vector<at::Tensor> globals, tiles;
    for (const StoredPage::Image& image : page_.images) {
      globals.push_back(image.global);
      if (image.tiles.defined()) tiles.push_back(image.tiles);
    }
    std::map<std::string, at::Tensor> views = {{"global", at::cat(globals, 0)}};
    if (!tiles.empty()) views["tiles"] = at::cat(tiles, 0);
    return views;
  }
  at::Tensor Prompt() const { return PromptRows(*model_, page_).value(); }
  // Prompt and forced ids but the last, of which nothing follows.
  at::Tensor Sequence() const {
    const std::vector<int>& forced = page_.forced_ids;
    return at::cat({Prompt(), model_->Embed({forced.data(), forced.size() - 1})}, 0);
  }

  const std::unique_ptr<OcrModel> model_ = LoadParityModel(GetParam().model);
  const StoredPage page_ = ParityPage(GetParam());
  const std::map<std::string, at::Tensor> expected_ = ParityReference(GetParam());
  std::unique_ptr<Weights> weights_;
};

class ViewParity : public Parity {
 protected:
  // CLIP's patches, or the queries.
  at::Tensor Body(const at::Tensor& patches) {
    if (config().family == ModelFamily::kV1) {
      const auto clip = ClipEncoder::Load(Root() / "vision_model", config().clip);
      return *clip.value()(patches, kNeverStop);
    }
    const auto queries = QueryEncoder::Load(Root() / "qwen2_model", config().query_encoder);
    return *queries.value()(patches, kNeverStop);
  }
};

TEST_P(ViewParity, OfEachEncoderAndTheProjector) {
  const SamEncoder sam = SamEncoder::Load(Root() / "sam_model", config().sam).value();
  for (const auto& [kind, views] : Views()) {
    const at::Tensor patches = *sam(views, kNeverStop);
    ExpectReference("sam." + kind, patches);
    ExpectReference("body." + kind, Body(patches.flatten(2).transpose(1, 2)));
    ExpectReference("projected." + kind, *model_->EncodeViews(views, kNeverStop));
  }
}

TEST_P(Parity, OfTheSplicedPromptAndEachDecoderLayer) {
  const Decoder decoder = Decoder::Load(*weights_, config().decoder).value();
  at::Tensor x = Sequence();
  ExpectReference("embedded", StoredRows(x));
  const std::unique_ptr<KvCache> cache = model_->MakeKvCache(x.size(0));
  const StepSequence step{cache->Open(), static_cast<int>(x.size(0))};
  ASSERT_TRUE(cache->Reserve(step.sequence, step.rows));
  const StepRows rows = decoder.RowsOf({&step, 1}, *cache);
  for (size_t i = 0; i < decoder.layers().size(); ++i) {
    x = decoder.layers()[i](x, rows, static_cast<int64_t>(i), {&step, 1}, *cache);
    ExpectReference(absl::StrCat("layers.", i), StoredRows(x));
  }
  const double eps = config().decoder.rms_norm_eps;
  ExpectReference("norm", StoredRows(RmsNorm::Load(Root() / "norm", x.size(1), eps).value()(x)));
}

// Row after row: on the CPU this is another program than the layers above.
TEST_P(Parity, OfLogitsOfSingleRows) {
  const at::Tensor rows = Sequence();
  ExpectReference("embedded", StoredRows(rows));
  const std::unique_ptr<KvCache> cache = model_->MakeKvCache(rows.size(0));
  const StepSequence step{cache->Open(), 1, /*want_logits=*/true};
  std::vector<at::Tensor> logits;
  for (int64_t i = 0; i < rows.size(0); ++i) {
    ASSERT_TRUE(cache->Reserve(step.sequence, 1));
    logits.push_back(model_->Step(rows.narrow(0, i, 1), {&step, 1}, *cache));
  }
  ExpectReference("logits", StoredRows(at::cat(logits, 0)));
}

// The reference's logits of the prompt's end and the forced ids are stored last.
TEST_P(Parity, OfLogitsBehindAPromptInChunks) {
  const at::Tensor logits = ForcedLogits(*model_, Prompt(), page_.forced_ids, /*chunk_rows=*/50);
  const int64_t stored = expected_.at("logits").size(0), count = logits.size(0);
  const at::Tensor last = expected_.at("logits").narrow(0, stored - count, count);
  EXPECT_LT((logits - last).abs().max().item<double>(), kTolerance);
}

TEST_P(Parity, OfGreedyTokensBehindAWholePromptAndOneInChunks) {
  const at::Tensor prompt = Prompt();
  EXPECT_EQ(ReadGreedily(*model_, {prompt}, prompt.size(0))[0], ReferenceTokens(expected_));
  EXPECT_EQ(ReadGreedily(*model_, {prompt}, 64)[0], ReferenceTokens(expected_));
  EXPECT_EQ(ReadGreedily(*model_, {prompt}, 37)[0], ReferenceTokens(expected_));
}

// What the encoders gave is not stored for the long ones.
const std::vector<ParityCase> kShortPages = {
    {"v1_untied", "whole"},  {"v1_untied", "tiled"},    {"v1_untied", "two_images"},
    {"v1_tied", "whole"},    {"v1_tied", "two_images"}, {"v2_untied", "tiled"},
    {"v2_tied", "whole"},    {"v2_tied", "two_images"},
};
const std::vector<ParityCase> kLongPages = {{"v1_untied", "long"}, {"v2_untied", "long"}};

INSTANTIATE_TEST_SUITE_P(Short, ViewParity, testing::ValuesIn(kShortPages), NameOf);
INSTANTIATE_TEST_SUITE_P(Short, Parity, testing::ValuesIn(kShortPages), NameOf);
INSTANTIATE_TEST_SUITE_P(Long, Parity, testing::ValuesIn(kLongPages), NameOf);

}  // namespace
}  // namespace quire::worker
