// The tiny deterministic model against numbers of the reference implementation: SAM and CLIP from the
// official module code (deepencoder/*.py, torch 1.13, float32), the decoder from an independent one.
// Tolerance: 1e-4 an element, 1e-3 relative for sums, since torch versions differ in the last digits.

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/model/tiny_checkpoint.h"
#include "worker/model/kv_cache.h"
#include "worker/model/layers.h"
#include "worker/model/ocr_model.h"
#include "worker/model/sam_encoder.h"
#include "worker/model/weights.h"

namespace quire::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

const std::atomic<bool> kNeverStop{false};

std::vector<float> Values(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.contiguous().reshape({-1});
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

// Shape, sum and first elements of a tensor.
void ExpectTensor(const at::Tensor& tensor, const std::vector<int64_t>& shape, double sum,
                  const std::vector<float>& first) {
  EXPECT_EQ(tensor.sizes().vec(), shape);
  EXPECT_NEAR(tensor.sum(at::kDouble).item<double>(), sum, std::max(1e-3, std::abs(sum) * 1e-3));
  std::vector<float> head = Values(tensor);
  head.resize(first.size());
  EXPECT_THAT(head, Pointwise(FloatNear(1e-4), first));
}

at::Tensor Input(const std::string& name, int64_t views, int64_t side) {
  return HashedTensor(name, {views, 3, side, side});
}

class Golden : public testing::Test {
 protected:
  void SetUp() override {
    const TemporaryCheckpoint checkpoint{TinyCheckpoint()};
    auto model = OcrModel::Load(checkpoint.path(), {});
    ASSERT_TRUE(model.ok()) << model.status();
    model_ = *std::move(model);
    auto weights = Weights::Open(checkpoint.path(), {});
    ASSERT_TRUE(weights.ok()) << weights.status();
    weights_ = std::make_unique<Weights>(*std::move(weights));
    weights_->Place(at::TensorOptions().dtype(at::kFloat));
    const WeightScope root = WeightScope(*weights_) / "model";
    sam_ = *SamEncoder::Load(root / "sam_model", model_->config().sam);
  }
  at::Tensor Sam(const std::string& name, int64_t side) {
    return *sam_(Input(name, 1, side), kNeverStop);
  }
  at::Tensor Encode(const at::Tensor& views) { return *model_->EncodeViews(views, kNeverStop); }
  at::Tensor Rows() {
    return model_->ArrangeRows(Encode(Input("tiles128", 2, 128)), Encode(Input("input192", 1, 192)),
                               {.columns = 2, .rows = 1});
  }
  // Logits of every row of one sequence.
  at::Tensor AllLogits(const at::Tensor& hidden) {
    auto cache = model_->MakeKvCache(256);
    const int sequence = cache->Open();
    std::vector<at::Tensor> logits;
    for (int64_t i = 0; i < hidden.size(0); ++i) {
      cache->Reserve(sequence, 1);
      const StepSequence step{.sequence = sequence, .rows = 1, .want_logits = true};
      logits.push_back(model_->Step(hidden.narrow(0, i, 1), {&step, 1}, *cache));
    }
    return at::cat(logits, 0);
  }

  std::unique_ptr<OcrModel> model_;
  std::unique_ptr<Weights> weights_;
  SamEncoder sam_;
};

TEST_F(Golden, HashesAsItsRecipeSays) {
  EXPECT_THAT(Values(HashedTensor("x", {3}, 0.25)),
              Pointwise(FloatNear(1e-6), {-0.157494f, 0.189963f, -0.127983f}));
}

TEST_F(Golden, SamGivesTheReferenceFeaturesAtItsOwnSize) {
  ExpectTensor(Sam("input128", 128), {1, 24, 2, 2}, -1.569413,
               {0.724584f, -2.336538f, 0.198097f, -1.848570f});
}

TEST_F(Golden, SamInterpolatesPositionsForALargerView) {
  ExpectTensor(Sam("input192", 192), {1, 24, 3, 3}, -49.363113,
               {-1.771384f, 1.077447f, 1.124227f, -2.066821f});
}

TEST_F(Golden, SamInterpolatesPositionsForAViewOfTwiceItsSize) {
  ExpectTensor(Sam("input256", 256), {1, 24, 4, 4}, -44.764296,
               {-1.229621f, 0.975929f, -1.018609f, -0.860111f});
}

TEST_F(Golden, SamsStagesAreTheReferences) {
  at::Tensor x = at::conv2d(Input("input192", 1, 192), sam_.patch_weight, sam_.patch_bias, 16)
                     .permute({0, 2, 3, 1});
  ExpectTensor(x, {1, 12, 12, 16}, -82.265796, {1.803836f, 0.867021f, 1.337343f, 1.749547f});
  x = x + ResizeGrid(sam_.pos_embed.permute({0, 3, 1, 2}), 12).permute({0, 2, 3, 1});
  ExpectTensor(x, {1, 12, 12, 16}, -78.189290, {1.904227f, 0.842865f, 1.342604f, 1.564828f});
  x = sam_.blocks[0](x);
  ExpectTensor(x, {1, 12, 12, 16}, 165.110202, {2.673324f, 1.507785f, 1.023115f, 2.460517f});
  x = sam_.blocks[1](x);
  ExpectTensor(x, {1, 12, 12, 16}, 242.788055, {1.828179f, 1.193922f, 0.634193f, 2.687226f});
}

TEST_F(Golden, SamsPaddedWindowsTakePart) {
  // 8 patches in windows of 3: one row and column of padding.
  at::Tensor x = at::conv2d(Input("input128", 1, 128), sam_.patch_weight, sam_.patch_bias, 16)
                     .permute({0, 2, 3, 1}) +
                 sam_.pos_embed;
  ExpectTensor(sam_.blocks[0](x), {1, 8, 8, 16}, 67.619257,
               {-1.429821f, -1.103932f, -2.304929f, -1.577956f});
}

TEST_F(Golden, ClipShrinksItsPositionsToASmallGrid) {
  ExpectTensor(Encode(Input("input128", 1, 128)), {1, 4, 32}, -39.621341,
               {-2.349358f, -1.424608f, -2.631178f, 2.610200f});
}

TEST_F(Golden, ProjectsTheReferenceFeaturesOfAnInterpolatedGrid) {
  ExpectTensor(Encode(Input("input192", 1, 192)), {1, 9, 32}, -3.777454,
               {-0.261193f, 0.236336f, 0.456826f, -1.264016f});
}

TEST_F(Golden, ProjectsTheReferenceFeaturesOfClipsOwnGrid) {
  ExpectTensor(Encode(Input("input256", 1, 256)), {1, 16, 32}, -73.071959,
               {0.819562f, -0.087365f, 2.121934f, 0.224821f});
}

TEST_F(Golden, ArrangesMosaicGlobalGridAndSeparator) {
  const at::Tensor rows = Rows();

  ExpectTensor(rows, {23, 32}, -24.980685, {0.031506f, 1.304618f, 0.579683f, 2.034685f});
  EXPECT_THAT(Values(rows.select(1, 0)),
              Pointwise(FloatNear(1e-4),
                        {0.031506f,  -1.412671f, -1.051081f, -0.845876f, -0.066502f, -0.599509f,
                         -2.396003f, -2.372425f, -2.457168f, -0.066502f, -0.261193f, -0.011039f,
                         -2.587018f, -0.066502f, 0.296478f,  -0.490850f, -2.782867f, -0.066502f,
                         -0.784957f, 0.774531f,  -1.931422f, -0.066502f, -0.212761f}));
}

TEST_F(Golden, ReadsAPageToTheReferenceLogits) {
  const std::vector<int> begin = {0}, end = {5, 17, 23};
  const at::Tensor logits =
      AllLogits(at::cat({model_->Embed(begin), Rows(), model_->Embed(end)}, 0));

  ExpectTensor(logits, {27, 128}, 118.004270, {});
  EXPECT_NEAR((logits * logits).sum().item<double>(), 2434.154679, 2.4);
  std::vector<float> last = Values(logits[26]);
  EXPECT_EQ(logits[26].argmax().item<int64_t>(), 115);
  last.resize(4);
  EXPECT_THAT(last, Pointwise(FloatNear(1e-4), {-0.144416f, 0.038246f, -0.295922f, -0.876522f}));
}

TEST_F(Golden, PutsImagesInThePlaceOfTheirPlaceholders) {
  const std::vector<int> ids = {0, 100, 100, 5, 100};
  const std::vector<at::Tensor> images = {at::full({2, 32}, 2.0), at::full({1, 32}, 3.0)};

  const at::Tensor rows = model_->EmbedPrompt(ids, images).value();

  EXPECT_TRUE(at::equal(rows.narrow(0, 1, 2), images[0]));
  EXPECT_TRUE(at::equal(rows.narrow(0, 4, 1), images[1]));
  const std::vector<int> text = {0, 5};
  EXPECT_TRUE(at::equal(at::stack({rows[0], rows[3]}), model_->Embed(text)));
}

TEST_F(Golden, RefusesAPromptThatDoesNotFitItsImages) {
  const std::vector<int> ids = {0, 100, 100, 5};
  const std::vector<at::Tensor> images = {at::ones({3, 32})};

  const absl::Status status = model_->EmbedPrompt(ids, images).status();

  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()),
              ::testing::HasSubstr("2 placeholders; its 1 images have 3 rows"));
}

TEST_F(Golden, DecodesTextToTheReferenceLogits) {
  const std::vector<int> ids = {0, 11, 72, 124, 21, 80, 20, 61};
  const at::Tensor logits = AllLogits(model_->Embed(ids));

  ExpectTensor(logits, {8, 128}, 106.446858, {});
  EXPECT_NEAR((logits * logits).sum().item<double>(), 637.010283, 0.64);
  const at::Tensor best = logits.argmax(-1);
  EXPECT_THAT(std::vector<int64_t>(best.const_data_ptr<int64_t>(), best.const_data_ptr<int64_t>() + 8),
              ElementsAre(104, 92, 65, 89, 89, 107, 68, 117));
  std::vector<float> last = Values(logits[7]);
  last.resize(4);
  EXPECT_THAT(last, Pointwise(FloatNear(1e-4), {0.191888f, -0.361438f, -0.048142f, 0.616929f}));
}

TEST_F(Golden, ContinuesGreedilyAsTheReference) {
  std::vector<int> ids = {0, 11, 72, 124, 21, 80, 20, 61}, written;
  auto cache = model_->MakeKvCache(64);
  const int sequence = cache->Open();
  at::Tensor hidden = model_->Embed(ids);
  for (int i = 0; i < 8; ++i) {
    const StepSequence step{sequence, static_cast<int>(hidden.size(0)), true};
    cache->Reserve(sequence, step.rows);
    written.push_back(
        static_cast<int>(model_->Step(hidden, {&step, 1}, *cache).argmax().item<int64_t>()));
    hidden = model_->Embed({&written.back(), 1});
  }

  EXPECT_THAT(written, ElementsAre(117, 94, 64, 97, 46, 80, 64, 127));
}

TEST(Interpolation, OfAGridIsBicubicWithAntialias) {
  const at::Tensor grid = at::arange(16, at::kFloat).pow(1.5).view({1, 1, 4, 4});

  EXPECT_THAT(Values(ResizeGrid(grid, 2)),
              Pointwise(FloatNear(1e-4), {6.161934f, 11.204080f, 33.212029f, 42.346043f}));
  EXPECT_THAT(Values(ResizeGrid(grid, 6)[0][0][0]),
              Pointwise(FloatNear(1e-4),
                        {-0.582667f, -0.224250f, 0.560235f, 1.719321f, 3.351431f, 4.469040f}));
}

TEST(Interpolation, OfALengthIsLinear) {
  const at::Tensor table = at::tensor({0.f, 1.f, 4.f, 9.f, 16.f}).view({5, 1});

  EXPECT_THAT(Values(ResizeLength(table, 7)),
              Pointwise(FloatNear(1e-4), {0.f, 0.571429f, 1.857143f, 4.f, 7.571429f, 12.f, 16.f}));
  EXPECT_THAT(Values(ResizeLength(table, 3)),
              Pointwise(FloatNear(1e-4), {0.333333f, 4.f, 13.666666f}));
}

}  // namespace
}  // namespace quire::worker
