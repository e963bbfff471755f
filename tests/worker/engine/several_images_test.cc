// Prompts of two images through the engine's steps give the tokens that transformers gives:
// fixtures/parity.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "proto/check.h"
#include "tests/worker/model/parity_cases.h"
#include "worker/engine/model_loop.h"

namespace quire::worker {
namespace {

constexpr size_t kReferenceTokens = 24;
constexpr int kEndId = 1;

std::vector<float> Values(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.contiguous();
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

PageWork::ImageViews ViewsOf(const StoredPage::Image& image) {
  PageWork::ImageViews views;
  views.plan.grid = image.grid;
  views.plan.global_side = static_cast<int>(image.global.size(-1));
  views.views.global = Values(image.global);
  if (image.tiles.defined()) {
    views.plan.tile_side = static_cast<int>(image.tiles.size(-1));
    views.views.tiles = Values(image.tiles);
  }
  return views;
}

// A page as Engine prepares it.
std::shared_ptr<PageWork> WorkOf(const StoredPage& page, uint64_t job_id, int tokens) {
  auto work = std::make_shared<PageWork>();
  work->request.job_id = job_id;
  for (const StoredPage::Image& image : page.images) work->images.push_back(ViewsOf(image));
  work->prompt.ids = page.prompt_ids;
  work->max_new_tokens = tokens;
  return work;
}

// The reference goes on behind the end token, the engine does not.
std::vector<int> UpToTheEnd(std::vector<int> ids) {
  QUIRE_CHECK(ids.size() == kReferenceTokens);
  const auto end = std::find(ids.begin(), ids.end(), kEndId);
  if (end != ids.end()) ids.erase(end + 1, ids.end());
  return ids;
}

// Reads pages of one model together, and expects the reference's tokens of each.
void ExpectReferenceTokens(const std::string& model, const std::vector<std::string>& pages,
                           const SchedulerRules& rules) {
  const std::unique_ptr<Tokenizer> tokenizer =
      Tokenizer::Load(QUIRE_FIXTURES "/tokenizers/deepseek_subset.json").value();
  const std::unique_ptr<PageModel> page_model = WrapModel(LoadParityModel(model));
  ModelLoop loop(*page_model, *tokenizer, rules, {.cache_tokens = 8192, .device = "cpu"});
  std::vector<std::shared_ptr<PageWork>> works;
  std::vector<std::vector<int>> expected;
  for (const std::string& page : pages) {
    const ParityCase one{model, page};
    expected.push_back(UpToTheEnd(ReferenceTokens(ParityReference(one))));
    works.push_back(WorkOf(ParityPage(one), works.size() + 1,
                           static_cast<int>(kReferenceTokens)));
    loop.Add(works.back());
  }
  while (!loop.empty()) loop.RunStep();
  for (size_t i = 0; i < works.size(); ++i) {
    EXPECT_TRUE(works[i]->failure.ok()) << works[i]->failure;
    EXPECT_EQ(works[i]->ids, expected[i]) << pages[i];
  }
}

TEST(SeveralImages, GiveTheReferencesTokensOfV1) {
  ExpectReferenceTokens("v1_untied", {"two_images"}, {});
}

TEST(SeveralImages, GiveTheReferencesTokensOfV1WithATiledImageEach) {
  ExpectReferenceTokens("v1_tied", {"two_images"}, {});
}

TEST(SeveralImages, GiveTheReferencesTokensOfV2) {
  ExpectReferenceTokens("v2_tied", {"two_images"}, {});
}

TEST(SeveralImages, GiveThemBesideOtherPagesWithTheirViewsInSmallBatches) {
  ExpectReferenceTokens("v1_untied", {"tiled", "two_images", "long", "whole"},
                        {.max_batch_views = 3, .prefill_rows = 50, .decode_steps_between = 1});
}

TEST(SeveralImages, GiveThemBehindTwoTiledImagesOfV2) {
  ExpectReferenceTokens("v2_untied", {"long"}, {.max_batch_views = 2});
}

}  // namespace
}  // namespace quire::worker
