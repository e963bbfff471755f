// Pages that are encoded, prefilled and written together give the tokens that transformers gives
// for each alone: fixtures/parity.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/worker/model/parity_cases.h"

namespace quire::worker {
namespace {

const std::atomic<bool> kNeverStop{false};

// A batch, by its views' side, and the first of an image's views in it.
struct Place {
  int64_t side = 0, begin = 0;
};

// Features of views of many images, encoded in batches of one size.
class FeatureBatches {
 public:
  // Returns where their features will be.
  Place Add(const at::Tensor& views) {
    std::vector<at::Tensor>& batch = batches_[views.size(-1)];
    int64_t at = 0;
    for (const at::Tensor& before : batch) at += before.size(0);
    batch.push_back(views);
    return {views.size(-1), at};
  }
  void Encode(const OcrModel& model) {
    for (const auto& [side, batch] : batches_) {
      features_[side] = *model.EncodeViews(at::cat(batch, 0), kNeverStop);
    }
  }
  at::Tensor Take(Place place, int64_t count) const {
    return features_.at(place.side).narrow(0, place.begin, count);
  }

 private:
  std::map<int64_t, std::vector<at::Tensor>> batches_;
  std::map<int64_t, at::Tensor> features_;
};

// Prompts of pages whose views are encoded together.
std::vector<at::Tensor> PromptsTogether(const OcrModel& model,
                                        const std::vector<StoredPage>& pages) {
  FeatureBatches batches;
  std::vector<Place> places;  // an image's tiles, its global view
  for (const StoredPage& page : pages) {
    for (const StoredPage::Image& image : page.images) {
      places.push_back(image.tiles.defined() ? batches.Add(image.tiles) : Place{});
      places.push_back(batches.Add(image.global));
    }
  }
  batches.Encode(model);
  std::vector<at::Tensor> prompts;
  size_t next = 0;
  for (const StoredPage& page : pages) {
    std::vector<at::Tensor> images;
    for (const StoredPage::Image& image : page.images) {
      at::Tensor tiles;
      if (image.tiles.defined()) tiles = batches.Take(places[next], image.tiles.size(0));
      images.push_back(model.ArrangeRows(tiles, batches.Take(places[next + 1], 1), image.grid));
      next += 2;
    }
    prompts.push_back(model.EmbedPrompt(page.prompt_ids, images).value());
  }
  return prompts;
}

void ExpectTokensInABatch(const std::string& model_name, const std::vector<std::string>& names) {
  const std::unique_ptr<OcrModel> model = LoadParityModel(model_name);
  std::vector<StoredPage> pages;
  std::vector<std::vector<int>> expected;
  for (const std::string& name : names) {
    pages.push_back(ParityPage({model_name, name}));
    expected.push_back(ReferenceTokens(ParityReference({model_name, name})));
  }
  EXPECT_EQ(ReadGreedily(*model, PromptsTogether(*model, pages), /*chunk_rows=*/64), expected);
}

TEST(ParityInABatch, OfGreedyTokensOfV1) {
  ExpectTokensInABatch("v1_untied", {"long", "whole", "tiled", "two_images"});
}

TEST(ParityInABatch, OfGreedyTokensOfV1WithATiedHead) {
  ExpectTokensInABatch("v1_tied", {"whole", "two_images"});
}

TEST(ParityInABatch, OfGreedyTokensOfV2) { ExpectTokensInABatch("v2_untied", {"long", "tiled"}); }

TEST(ParityInABatch, OfGreedyTokensOfV2WithATiedHead) {
  ExpectTokensInABatch("v2_tied", {"two_images", "whole"});
}

}  // namespace
}  // namespace quire::worker
