#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <memory>
#include <optional>
#include <span>

#include "worker/model/kv_cache.h"
#include "worker/model/ocr_model.h"

namespace quire::worker {

// What the engine needs of a model: OcrModel in the program, a scripted one in tests. See OcrModel.
class PageModel {
 public:
  virtual ~PageModel() = default;
  virtual const ModelConfig& config() const = 0;
  virtual std::optional<at::Tensor> EncodeViews(const at::Tensor& views,
                                                const std::atomic<bool>& stop) const = 0;
  virtual at::Tensor ArrangeRows(const at::Tensor& tiles, const at::Tensor& global,
                                 TileGrid grid) const = 0;
  virtual at::Tensor Embed(std::span<const int> ids) const = 0;
  virtual absl::StatusOr<at::Tensor> EmbedPrompt(std::span<const int> ids,
                                                 std::span<const at::Tensor> images) const = 0;
  virtual std::unique_ptr<KvCache> MakeKvCache(int64_t tokens) const = 0;
  virtual at::Tensor Step(const at::Tensor& hidden, std::span<const StepSequence> sequences,
                          KvCache& cache, StepClock* clock) const = 0;
};

// The real one. `model` is owned.
std::unique_ptr<PageModel> WrapModel(std::unique_ptr<OcrModel> model);

}  // namespace quire::worker
