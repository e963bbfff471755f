// The tiny deterministic v2 model against numbers of an independent implementation of its encoder
// (torch 1.13, float32) behind the official SAM. Tolerance: 1e-4 an element, 1e-3 relative for sums.

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "tests/worker/model/tiny_checkpoint.h"
#include "worker/model/kv_cache.h"
#include "worker/model/ocr_model.h"
#include "worker/model/query_encoder.h"
#include "worker/model/sam_encoder.h"
#include "worker/model/weights.h"

namespace quire::worker {
namespace {

using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

const std::atomic<bool> kNeverStop{false};

std::vector<float> Values(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.contiguous().reshape({-1});
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

void ExpectTensor(const at::Tensor& tensor, const std::vector<int64_t>& shape, double sum,
                  double sum_of_squares, const std::vector<float>& first) {
  EXPECT_EQ(tensor.sizes().vec(), shape);
  EXPECT_NEAR(tensor.sum(at::kDouble).item<double>(), sum, std::max(1e-3, std::abs(sum) * 1e-3));
  EXPECT_NEAR((tensor * tensor).sum(at::kDouble).item<double>(), sum_of_squares, sum_of_squares * 1e-3);
  std::vector<float> head = Values(tensor);
  head.resize(first.size());
  EXPECT_THAT(head, Pointwise(FloatNear(1e-4), first));
}

at::Tensor Input(const std::string& name, int64_t views, int64_t side) {
  return HashedTensor(name, {views, 3, side, side});
}

class GoldenV2 : public testing::Test {
 protected:
  void SetUp() override {
    const TemporaryCheckpoint checkpoint(TinyCheckpoint::V2());
    auto model = OcrModel::Load(checkpoint.path(), {});
    ASSERT_TRUE(model.ok()) << model.status();
    model_ = *std::move(model);
    auto weights = Weights::Open(checkpoint.path(), {});
    ASSERT_TRUE(weights.ok()) << weights.status();
    weights->Place(at::TensorOptions().dtype(at::kFloat));
    const WeightScope root = WeightScope(*weights) / "model";
    sam_ = *SamEncoder::Load(root / "sam_model", model_->config().sam);
    encoder_ = *QueryEncoder::Load(root / "qwen2_model", model_->config().query_encoder);
  }
  at::Tensor Queries(const at::Tensor& views) {
    return *encoder_(sam_(views, kNeverStop)->flatten(2).transpose(1, 2), kNeverStop);
  }
  at::Tensor Rows() {
    return model_->ArrangeRows(*model_->EncodeViews(Input("tiles128", 2, 128), kNeverStop),
                               *model_->EncodeViews(Input("input192", 1, 192), kNeverStop),
                               {.columns = 2, .rows = 1});
  }

  std::unique_ptr<OcrModel> model_;
  SamEncoder sam_;
  QueryEncoder encoder_;
};

TEST_F(GoldenV2, QueriesSeeThePatchesAndTheQueriesBeforeThem) {
  ExpectTensor(Queries(Input("tiles128", 2, 128)), {2, 4, 24}, -29.403337, 206.817794,
               {-2.108693f, 0.776611f, -0.960431f, 0.058100f});
  ExpectTensor(Queries(Input("input192", 1, 192)), {1, 9, 24}, -7.801231, 229.862155,
               {-0.561377f, -1.206093f, 0.007911f, -1.881420f});
}

TEST_F(GoldenV2, ArrangesTileAfterTileWithoutNewlines) {
  const at::Tensor rows = Rows();

  ExpectTensor(rows, {18, 32}, 39.177002, 270.693210, {-0.034443f, 1.362732f, 0.016365f, 0.430396f});
  EXPECT_THAT(Values(rows.select(1, 0)),
              Pointwise(FloatNear(1e-4), {-0.034443f, -0.107461f, 0.855663f, -0.642242f, 0.143468f,
                                          0.127704f, 1.281726f, -0.016055f, 0.371358f, -0.785321f,
                                          -0.172447f, -1.117976f, 0.506498f, -0.184395f, -0.439987f,
                                          0.044192f, -0.435563f, -0.212761f}));
}

TEST_F(GoldenV2, ReadsAPageToTheReferenceLogits) {
  const std::vector<int> begin = {0}, end = {5, 17, 23};
  const at::Tensor hidden = at::cat({model_->Embed(begin), Rows(), model_->Embed(end)}, 0);
  auto cache = model_->MakeKvCache(64);
  const int sequence = cache->Open();
  std::vector<at::Tensor> logits;
  for (int64_t i = 0; i < hidden.size(0); ++i) {
    ASSERT_TRUE(cache->Reserve(sequence, 1));
    const StepSequence step{.sequence = sequence, .rows = 1, .want_logits = true};
    logits.push_back(model_->Step(hidden.narrow(0, i, 1), {&step, 1}, *cache));
  }
  const at::Tensor all = at::cat(logits, 0);

  ExpectTensor(all, {22, 128}, 117.358205, 1904.193237, {});
  std::vector<float> last = Values(all[21]);
  EXPECT_EQ(all[21].argmax().item<int64_t>(), 52);
  last.resize(4);
  EXPECT_THAT(last, Pointwise(FloatNear(1e-4), {0.081993f, 0.661073f, -0.128297f, 0.235621f}));
}

TEST(LoadingV2, NeedsAsManyQueriesAsAViewHasPatches) {
  TinyCheckpoint checkpoint = TinyCheckpoint::V2();
  checkpoint.config =
      absl::StrReplaceAll(checkpoint.config, {{"\"base_size\": 192", "\"base_size\": 256"}});
  const TemporaryCheckpoint folder(checkpoint);

  const absl::Status status = OcrModel::Load(folder.path(), {}).status();

  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("a view of 256 px has 16 patches"));
}

TEST(LoadingV2, NamesV1sTensorsAsSurplus) {
  TinyCheckpoint checkpoint = TinyCheckpoint::V2();
  checkpoint.tensors["model.image_newline"] = at::ones({32});
  const TemporaryCheckpoint folder(checkpoint);

  EXPECT_THAT(std::string(OcrModel::Load(folder.path(), {}).status().message()),
              HasSubstr("model.image_newline"));
}

}  // namespace
}  // namespace quire::worker
