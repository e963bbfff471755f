// What a model writes on honest pages that repeat is kept to its end, with the ban on repeated runs
// off.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "worker/engine/model_loop.h"
#include "worker/model/kv_cache.h"

namespace quire::worker {
namespace {

constexpr int64_t kVocab = 2048;

// Writes its script, whatever it sees.
class ScriptedModel : public PageModel {
 public:
  explicit ScriptedModel(std::vector<int> script) : script_(std::move(script)) {}

  const ModelConfig& config() const override { return config_; }
  std::optional<at::Tensor> EncodeViews(const at::Tensor& views,
                                        const std::atomic<bool>&) const override {
    return at::zeros({views.size(0), 1, 1});
  }
  at::Tensor ArrangeRows(const at::Tensor&, const at::Tensor& global, TileGrid) const override {
    return global[0];
  }
  at::Tensor Embed(std::span<const int> ids) const override {
    return at::zeros({static_cast<int64_t>(ids.size()), 1});
  }
  absl::StatusOr<at::Tensor> EmbedPrompt(std::span<const int> ids,
                                         std::span<const at::Tensor>) const override {
    return Embed(ids);
  }
  std::unique_ptr<KvCache> MakeKvCache(int64_t tokens) const override {
    return std::make_unique<KvCache>(KvCache::Shape{1, 1, 1, tokens}, at::TensorOptions());
  }
  at::Tensor Step(const at::Tensor& hidden, std::span<const StepSequence> sequences, KvCache& cache,
                  StepClock*) const override {
    cache.Advance(sequences[0].sequence, hidden.size(0));
    at::Tensor logits = at::zeros({1, kVocab});
    logits[0][script_.at(written_++)] = 1;
    return logits;
  }

 private:
  const std::vector<int> script_;
  const ModelConfig config_{};
  mutable size_t written_ = 0;
};

std::string Repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) absl::StrAppend(&all, text);
  return all;
}

class HonestTables : public testing::Test {
 protected:
  // A page whose model writes `text` and its end.
  std::shared_ptr<PageWork> Read(const std::string& text) const {
    std::vector<int> script = tokenizer_->Encode(text);
    script.push_back(1);
    const ScriptedModel model(script);
    ModelLoop loop(model, *tokenizer_, {}, {.cache_tokens = 16384, .device = "cpu"});
    auto work = std::make_shared<PageWork>();
    work->images.resize(1);
    work->images[0].plan.global_side = 1;
    work->images[0].views.global.resize(3);
    work->prompt.ids = {0};
    work->max_new_tokens = 16384;
    loop.Add(work);
    while (!loop.empty()) loop.RunStep();
    return work;
  }
  void ExpectWhole(const std::string& text) const {
    const std::shared_ptr<PageWork> work = Read(text);
    EXPECT_TRUE(work->failure.ok()) << work->failure;
    EXPECT_EQ(work->finish_reason, FinishReason::kStop);
    EXPECT_EQ(work->ids.size(), tokenizer_->Encode(text).size() + 1);
    EXPECT_EQ(work->kept_ids, -1);
  }

  const std::unique_ptr<Tokenizer> tokenizer_ =
      Tokenizer::Load(QUIRE_FIXTURES "/models/nano/tokenizer.json").value();
};

TEST_F(HonestTables, OfEqualRowsAreKept) {
  ExpectWhole(absl::StrCat("<table>", Repeated("<tr><td>0</td><td>0</td><td>0</td></tr>", 150),
                           "</table>"));
}

TEST_F(HonestTables, OfEmptyCellsAreKept) {
  ExpectWhole(absl::StrCat("<table>", Repeated("<tr>" + Repeated("<td></td>", 20) + "</tr>", 80),
                           "</table>"));
}

TEST_F(HonestTables, WithOneVeryWideRowAreKept) {
  ExpectWhole("<table><tr>" + Repeated("<td>0</td>", 200) + "</tr></table>");
}

TEST_F(HonestTables, WithoutTagsAreKept) { ExpectWhole(Repeated("| yes | no | 0 |\n", 120)); }

TEST_F(HonestTables, OfContentsWithLeaderDotsAreKept) {
  std::string contents;
  for (int i = 1; i <= 60; ++i) {
    absl::StrAppend(&contents, "Part ", i, " ", Repeated(". ", 40), i, "\n");
  }
  ExpectWhole(contents);
}

TEST_F(HonestTables, OfLeaderDotsAloneAreKept) {
  ExpectWhole(Repeated(Repeated(".", 80) + "\n", 20));
}

TEST_F(HonestTables, ThatNeverEndAreCut) {
  const std::shared_ptr<PageWork> work = Read(Repeated("<tr><td>0</td></tr>", 1000));

  EXPECT_EQ(work->finish_reason, FinishReason::kRepetition);
  EXPECT_LT(work->ids.size(), 1200u);
}

}  // namespace
}  // namespace quire::worker
