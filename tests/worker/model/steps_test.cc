// Decoder steps of several rows and sequences give what one row at a time gives.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/worker/model/tiny_checkpoint.h"
#include "worker/model/kv_cache.h"
#include "worker/model/ocr_model.h"

namespace quire::worker {
namespace {

class Steps : public testing::Test {
 protected:
  void SetUp() override { Load("f32"); }
  void Load(const std::string& dtype) {
    auto model = OcrModel::Load(folder_.path(), {.dtype = dtype});
    ASSERT_TRUE(model.ok()) << model.status();
    model_ = *std::move(model);
    cache_ = model_->MakeKvCache(1024);
  }
  at::Tensor Step(const at::Tensor& hidden, const std::vector<StepSequence>& sequences) {
    for (const StepSequence& step : sequences) EXPECT_TRUE(cache_->Reserve(step.sequence, step.rows));
    return model_->Step(hidden, sequences, *cache_);
  }
  // Logits after the last of `ids`, given in chunks of so many.
  at::Tensor Last(const std::vector<int>& ids, size_t chunk) {
    const int sequence = cache_->Open();
    at::Tensor logits;
    for (size_t at = 0; at < ids.size(); at += chunk) {
      const size_t count = std::min(chunk, ids.size() - at);
      logits = Step(model_->Embed({ids.data() + at, count}),
                    {{.sequence = sequence, .rows = static_cast<int>(count), .want_logits = true}});
    }
    cache_->Close(sequence);
    return logits;
  }
  static void ExpectClose(const at::Tensor& a, const at::Tensor& b, float tolerance = 1e-5) {
    EXPECT_LT((a - b).abs().max().item<float>(), tolerance);
  }

  const TemporaryCheckpoint folder_{TinyCheckpoint()};
  std::unique_ptr<OcrModel> model_;
  std::unique_ptr<KvCache> cache_;
  const std::vector<int> ids_ = {0, 11, 72, 124, 21, 80, 20, 61, 9, 4, 77};
};

TEST_F(Steps, OfAWholePromptGiveTheLogitsOfSingleRows) {
  ExpectClose(Last(ids_, ids_.size()), Last(ids_, 1));
}

TEST_F(Steps, OfChunksGiveTheLogitsOfSingleRows) {
  ExpectClose(Last(ids_, 4), Last(ids_, 1));
  ExpectClose(Last(ids_, 3), Last(ids_, 1));
}

TEST_F(Steps, OfSeveralSequencesDoNotMix) {
  const std::vector<int> other = {0, 5, 6};
  const at::Tensor alone = Last(ids_, 1), other_alone = Last(other, 1);
  const int a = cache_->Open(), b = cache_->Open();

  const std::vector<int> heads(ids_.begin(), ids_.end() - 1);
  std::vector<int> rows = heads;
  rows.insert(rows.end(), other.begin(), other.end() - 1);
  Step(model_->Embed(rows), {{.sequence = a, .rows = static_cast<int>(heads.size())},
                             {.sequence = b, .rows = 2}});
  const std::vector<int> last = {ids_.back(), other.back()};
  const at::Tensor logits = Step(model_->Embed(last), {{.sequence = a, .rows = 1, .want_logits = true},
                                                       {.sequence = b, .rows = 1, .want_logits = true}});

  ExpectClose(logits[0], alone[0]);
  ExpectClose(logits[1], other_alone[0]);
}

TEST_F(Steps, GoOnFromATruncatedSequence) {
  for (const char* dtype : {"f32", "bf16"}) {
    Load(dtype);
    const at::Tensor expected = Last(ids_, 1);
    const int sequence = cache_->Open();
    const std::vector<int> heads(ids_.begin(), ids_.end() - 1);
    Step(model_->Embed(heads), {{.sequence = sequence, .rows = static_cast<int>(heads.size())}});
    std::vector<int> loop(100, 33);  // into a second block
    Step(model_->Embed(loop), {{.sequence = sequence, .rows = static_cast<int>(loop.size())}});

    cache_->Truncate(sequence, static_cast<int64_t>(heads.size()));
    const std::vector<int> last = {ids_.back()};
    const at::Tensor logits =
        Step(model_->Embed(last), {{.sequence = sequence, .rows = 1, .want_logits = true}});

    ExpectClose(logits, expected, dtype == std::string("f32") ? 1e-5f : 0.05f);
    EXPECT_EQ(cache_->length(sequence), static_cast<int64_t>(ids_.size()));
  }
}

// Other types than float32 go through libtorch's operators, as on a GPU. A logit around 1 has 8 bits:
// 0.05 is a dozen roundings, and another row's logits are 1 away.
TEST_F(Steps, InBfloat16GiveTheLogitsOfFloat32) {
  const at::Tensor exact = Last(ids_, 1);

  Load("bf16");

  ExpectClose(Last(ids_, ids_.size()), exact, 0.05);
  ExpectClose(Last(ids_, 1), exact, 0.05);
}

TEST_F(Steps, InBfloat16OfSeveralSequencesDoNotMix) {
  Load("bf16");
  std::vector<int> longer;  // of two blocks of the cache
  for (int i = 0; i < 70; ++i) longer.push_back(i * 7 % 128);
  const at::Tensor alone = Last(ids_, 1), longer_alone = Last(longer, 1);
  const int a = cache_->Open(), b = cache_->Open();
  Step(model_->Embed({ids_.data(), ids_.size() - 1}),
       {{.sequence = a, .rows = static_cast<int>(ids_.size()) - 1}});
  Step(model_->Embed({longer.data(), longer.size() - 1}),
       {{.sequence = b, .rows = static_cast<int>(longer.size()) - 1}});

  const std::vector<int> last = {ids_.back(), longer.back()};
  const at::Tensor logits = Step(model_->Embed(last), {{.sequence = a, .rows = 1, .want_logits = true},
                                                       {.sequence = b, .rows = 1, .want_logits = true}});

  ExpectClose(logits[0], alone[0], 0.05);
  ExpectClose(logits[1], longer_alone[0], 0.05);
}

}  // namespace
}  // namespace quire::worker
