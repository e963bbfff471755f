#include "worker/engine/page_model.h"

namespace quire::worker {
namespace {

class WrappedModel : public PageModel {
 public:
  explicit WrappedModel(std::unique_ptr<OcrModel> model) : model_(std::move(model)) {}
  const ModelConfig& config() const override { return model_->config(); }
  std::optional<at::Tensor> EncodeViews(const at::Tensor& views,
                                        const std::atomic<bool>& stop) const override {
    return model_->EncodeViews(views, stop);
  }
  at::Tensor ArrangeRows(const at::Tensor& tiles, const at::Tensor& global,
                         TileGrid grid) const override {
    return model_->ArrangeRows(tiles, global, grid);
  }
  at::Tensor Embed(std::span<const int> ids) const override { return model_->Embed(ids); }
  absl::StatusOr<at::Tensor> EmbedPrompt(std::span<const int> ids,
                                         std::span<const at::Tensor> images) const override {
    return model_->EmbedPrompt(ids, images);
  }
  std::unique_ptr<KvCache> MakeKvCache(int64_t tokens) const override {
    return model_->MakeKvCache(tokens);
  }
  at::Tensor Step(const at::Tensor& hidden, std::span<const StepSequence> sequences,
                  KvCache& cache, StepClock* clock) const override {
    return model_->Step(hidden, sequences, cache, clock);
  }

 private:
  std::unique_ptr<OcrModel> model_;
};

}  // namespace

std::unique_ptr<PageModel> WrapModel(std::unique_ptr<OcrModel> model) {
  return std::make_unique<WrappedModel>(std::move(model));
}

}  // namespace quire::worker
