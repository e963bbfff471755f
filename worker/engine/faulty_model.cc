#include "worker/engine/faulty_model.h"

#include <c10/util/Exception.h>

#include <utility>

namespace quire::worker {
namespace {

constexpr int kIllegalAddress = 700;  // cudaErrorIllegalAddress

class FaultyModel : public PageModel {
 public:
  FaultyModel(std::unique_ptr<PageModel> model, ModelFaults faults)
      : model_(std::move(model)), faults_(faults) {}

  const ModelConfig& config() const override { return model_->config(); }
  std::optional<at::Tensor> EncodeViews(const at::Tensor& views,
                                        const std::atomic<bool>& stop) const override {
    Fail(static_cast<int>(views.size(0)));
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
    Fail(static_cast<int>(sequences.size()));
    return model_->Step(hidden, sequences, cache, clock);
  }

 private:
  // The model thread's alone, as every call that counts.
  //   amount  pages or views that the call is about
  void Fail(int amount) const {
    ++steps_;
    if (faults_.device_fault_at_step > 0 && steps_ >= faults_.device_fault_at_step) {
      throw c10::AcceleratorError({__func__, __FILE__, __LINE__}, kIllegalAddress,
                                  "CUDA error: an illegal memory access was encountered "
                                  "(--raise-device-fault-at-step)");
    }
    if (faults_.out_of_memory_above_pages > 0 && amount > faults_.out_of_memory_above_pages) {
      throw c10::OutOfMemoryError({__func__, __FILE__, __LINE__},
                                  "CUDA out of memory (--raise-out-of-memory-above-pages)");
    }
  }

  const std::unique_ptr<PageModel> model_;
  const ModelFaults faults_;
  mutable int steps_ = 0;
};

}  // namespace

std::unique_ptr<PageModel> MakeFaulty(std::unique_ptr<PageModel> model, ModelFaults faults) {
  if (faults.device_fault_at_step == 0 && faults.out_of_memory_above_pages == 0) return model;
  return std::make_unique<FaultyModel>(std::move(model), faults);
}

}  // namespace quire::worker
