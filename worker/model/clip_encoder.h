#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <optional>
#include <vector>

#include "worker/model/config.h"
#include "worker/model/layers.h"

namespace quire::worker {

struct ClipLayer {
  LayerNorm layer_norm1, layer_norm2;
  Linear qkv_proj, out_proj, fc1, fc2;
  int64_t heads = 0;
  static absl::StatusOr<ClipLayer> Load(const WeightScope& scope, const ClipConfig& config);
  at::Tensor operator()(const at::Tensor& x) const;  // [views, patches + 1, dim]
};

// CLIP's transformer over SAM's output: its own patches are never computed, and there is no norm
// after the last layer. Source: deepencoder/clip_sdpa.py, VitModel.
struct ClipEncoder {
  at::Tensor class_embedding, position_embedding;
  LayerNorm pre_layrnorm;
  std::vector<ClipLayer> layers;
  // The position table may have any grid * grid + 1 rows: config.json does not say how many.
  static absl::StatusOr<ClipEncoder> Load(const WeightScope& scope, const ClipConfig& config);
  // [views, patches, dim] -> [views, patches, dim]; nothing once `stop` is set.
  std::optional<at::Tensor> operator()(const at::Tensor& patches,
                                       const std::atomic<bool>& stop) const;
};

}  // namespace quire::worker
