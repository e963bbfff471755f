#include "tests/parity/stored_page.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "proto/check.h"
#include "proto/status.h"
#include "worker/model/kv_cache.h"
#include "worker/model/weights.h"

namespace quire::worker {
namespace {

const std::atomic<bool> kNeverStop{false};

std::vector<int> Ids(const at::Tensor& values) {
  const float* data = values.const_data_ptr<float>();
  return {data, data + values.numel()};
}

at::Tensor RowsOf(const OcrModel& model, const StoredPage::Image& image) {
  const at::Tensor tiles =
      image.tiles.defined() ? *model.EncodeViews(image.tiles, kNeverStop) : at::Tensor();
  return model.ArrangeRows(tiles, *model.EncodeViews(image.global, kNeverStop), image.grid);
}

}  // namespace

absl::StatusOr<std::map<std::string, at::Tensor>> ReadTensors(const std::string& folder) {
  QUIRE_ASSIGN_OR_RETURN(Weights weights, Weights::Open(folder, {}));
  weights.Place(at::TensorOptions().dtype(at::kFloat));
  std::map<std::string, at::Tensor> tensors;
  for (const std::string& name : weights.Names()) {
    QUIRE_ASSIGN_OR_RETURN(tensors[name], weights.TakeF32(name, weights.ShapeOf(name)));
  }
  return tensors;
}

absl::StatusOr<StoredPage> ReadPage(const std::string& folder) {
  QUIRE_ASSIGN_OR_RETURN(const auto tensors, ReadTensors(folder));
  StoredPage page{.prompt_ids = Ids(tensors.at("prompt_ids")),
                  .forced_ids = Ids(tensors.at("forced_ids"))};
  for (int i = 0; tensors.contains(absl::StrCat("global.", i)); ++i) {
    const std::vector<int> grid = Ids(tensors.at(absl::StrCat("grid.", i)));
    const auto tiles = tensors.find(absl::StrCat("tiles.", i));
    page.images.push_back({.tiles = tiles == tensors.end() ? at::Tensor() : tiles->second,
                           .global = tensors.at(absl::StrCat("global.", i)),
                           .grid = {.columns = grid[0], .rows = grid[1]}});
  }
  return page;
}

absl::StatusOr<at::Tensor> PromptRows(const OcrModel& model, const StoredPage& page) {
  std::vector<at::Tensor> images;
  for (const StoredPage::Image& image : page.images) images.push_back(RowsOf(model, image));
  return model.EmbedPrompt(page.prompt_ids, images);
}

at::Tensor ForcedLogits(const OcrModel& model, const at::Tensor& prompt, const std::vector<int>& ids,
                        int64_t chunk_rows) {
  const std::unique_ptr<KvCache> cache =
      model.MakeKvCache(prompt.size(0) + static_cast<int64_t>(ids.size()));
  const int sequence = cache->Open();
  std::vector<at::Tensor> logits;
  const auto feed = [&](const at::Tensor& rows, bool want_logits) {
    QUIRE_CHECK(cache->Reserve(sequence, rows.size(0)));
    const StepSequence step{sequence, static_cast<int>(rows.size(0)), want_logits};
    const at::Tensor out = model.Step(rows, {&step, 1}, *cache);
    if (want_logits) logits.push_back(out.to(at::kCPU));
  };
  for (int64_t at = 0; at < prompt.size(0); at += chunk_rows) {
    const int64_t rows = std::min(chunk_rows, prompt.size(0) - at);
    feed(prompt.narrow(0, at, rows), at + rows == prompt.size(0));
  }
  for (size_t i = 0; i + 1 < ids.size(); ++i) feed(model.Embed({&ids[i], 1}), true);
  return at::cat(logits, 0);
}

}  // namespace quire::worker
