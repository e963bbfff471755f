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

// Places in a script.
struct Places {
  size_t begin = 0, end = 0;
};

// Writes its script, whatever it sees: the tokens at `unsure` unsurely, the others surely.
class ScriptedModel : public PageModel {
 public:
  ScriptedModel(std::vector<int> script, Places unsure, int loop_breaks)
      : script_(std::move(script)), unsure_(unsure) {
    config_.reading.loop_breaks = loop_breaks;
  }

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
  int64_t stored() const { return stored_; }
  std::unique_ptr<KvCache> MakeKvCache(int64_t tokens) const override {
    return std::make_unique<KvCache>(KvCache::Shape{1, 1, 1, tokens}, at::TensorOptions());
  }
  at::Tensor Step(const at::Tensor& hidden, std::span<const StepSequence> sequences, KvCache& cache,
                  StepClock*) const override {
    cache.Advance(sequences[0].sequence, hidden.size(0));
    stored_ = cache.length(sequences[0].sequence);
    at::Tensor logits = at::zeros({1, kVocab});
    const bool unsure = written_ >= unsure_.begin && written_ < unsure_.end;
    logits[0][script_.at(written_)] = unsure ? 1 : 50;
    ++written_;
    return logits;
  }

 private:
  const std::vector<int> script_;
  const Places unsure_;
  ModelConfig config_{};
  mutable size_t written_ = 0;
  mutable int64_t stored_ = 0;
};

std::string Repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) absl::StrAppend(&all, text);
  return all;
}

class HonestTables : public testing::Test {
 protected:
  // A page whose model writes `text` and its end.
  std::shared_ptr<PageWork> Read(const std::string& text, Places unsure = {}) const {
    std::vector<int> script = tokenizer_->Encode(text);
    script.push_back(1);
    return Read(script, unsure);
  }
  std::shared_ptr<PageWork> Read(const std::vector<int>& script, Places unsure = {}) const {
    const ScriptedModel model(script, unsure, loop_breaks_);
    ModelLoop loop(model, *tokenizer_, {}, {.cache_tokens = 16384, .device = "cpu"});
    auto work = std::make_shared<PageWork>();
    work->images.resize(1);
    work->images[0].plan.global_side = 1;
    work->images[0].views.global.resize(3);
    work->prompt.ids = {0};
    work->max_new_tokens = 16384;
    loop.Add(work);
    while (!loop.empty()) loop.RunStep();
    stored_ = model.stored();
    return work;
  }
  void ExpectWhole(const std::string& text) const {
    const std::shared_ptr<PageWork> work = Read(text);
    EXPECT_TRUE(work->failure.ok()) << work->failure;
    EXPECT_EQ(work->finish_reason, FinishReason::kStop);
    EXPECT_EQ(work->ids.size(), tokenizer_->Encode(text).size() + 1);
    EXPECT_EQ(work->kept_ids, -1);
  }

  int loop_breaks_ = 0;
  mutable int64_t stored_ = 0;  // tokens that the cache held at the end
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

TEST_F(HonestTables, GoOnBehindALoopThatIsBroken) {
  loop_breaks_ = 1;
  const int sign = tokenizer_->Encode("=")[0];
  const std::vector<int> before = tokenizer_->Encode("Above the rule\n"), after = tokenizer_->Encode("\nbelow it");
  std::vector<int> script = before;
  script.insert(script.end(), 2048, sign);
  script.insert(script.end(), after.begin(), after.end());
  script.push_back(1);

  const std::shared_ptr<PageWork> work = Read(script);

  std::vector<int> expected = before;
  expected.insert(expected.end(), 2, sign);
  expected.insert(expected.end(), after.begin(), after.end());
  expected.push_back(1);
  EXPECT_EQ(work->finish_reason, FinishReason::kStop);
  EXPECT_EQ(work->ids, expected);
  EXPECT_EQ(work->log_probabilities.size(), expected.size());
  EXPECT_EQ(stored_, 1 + static_cast<int64_t>(expected.size()) - 1);  // the prompt's row; not the end token
}

TEST_F(HonestTables, DoNotGoOnWithTheLoopThatWasBroken) {
  loop_breaks_ = 1;
  const int sign = tokenizer_->Encode("=")[0];
  const std::vector<int> script(5000, sign);

  const std::shared_ptr<PageWork> work = Read(script);

  EXPECT_EQ(work->finish_reason, FinishReason::kRepetition);  // the second one ends the page
  EXPECT_NE(work->ids[2], sign);
}

TEST_F(HonestTables, CountATagThatDoesNotEndAsText) {
  std::vector<int> script = tokenizer_->Encode("A page, and then <|ref|>");
  const size_t begun = script.size();
  const std::vector<int> words = tokenizer_->Encode("no label but a great many words of which nothing is sure");
  script.insert(script.end(), words.begin(), words.end());
  script.push_back(1);

  EXPECT_LT(Read(script, {begun, script.size()})->MeanLogProbability(/*text_only=*/true), -1);
}

TEST_F(HonestTables, ThatNeverEndSayNothingOfHowSureTheirPageIs) {
  const std::string text = "A page of which little could be read, before it ended in a table.\n";
  const size_t tokens = tokenizer_->Encode(text).size();

  const std::shared_ptr<PageWork> work = Read(text + Repeated("<tr><td>0</td></tr>", 1000), {0, tokens});

  ASSERT_EQ(work->finish_reason, FinishReason::kRepetition);
  ASSERT_GT(work->ids.size(), 20 * tokens);
  EXPECT_LT(work->MeanLogProbability(/*text_only=*/true), work->log_probabilities[0] / 2);
}

}  // namespace
}  // namespace quire::worker
