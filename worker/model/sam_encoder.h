#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <optional>
#include <vector>

#include "worker/model/config.h"
#include "worker/model/layers.h"

namespace quire::worker {

// Attention of a square of patches with decomposed relative positions.
struct SamAttention {
  Linear qkv, proj;
  at::Tensor rel_pos_h, rel_pos_w;  // [2 * side - 1, head_dim]
  int64_t heads = 0;
  static absl::StatusOr<SamAttention> Load(const WeightScope& scope, int64_t dim, int64_t heads,
                                           int64_t side);
  // [batch, side, side, dim], side as in the tables or not (then they are interpolated)
  at::Tensor operator()(const at::Tensor& x) const;
};

// Multilayer perceptron with exact GELU.
struct SamMlp {
  Linear lin1, lin2;
  static absl::StatusOr<SamMlp> Load(const WeightScope& scope, int64_t dim, int64_t hidden);
  at::Tensor operator()(const at::Tensor& x) const;
};

struct SamBlock {
  LayerNorm norm1, norm2;
  SamAttention attn;
  SamMlp mlp;
  int64_t window = 0;  // 0: attention over all patches
  at::Tensor operator()(const at::Tensor& x) const;
};

// The image encoder of Segment Anything with a neck and two strided convolutions.
// Source: deepencoder/sam_vary_sdpa.py, ImageEncoderViT.
struct SamEncoder {
  at::Tensor patch_weight, patch_bias, pos_embed;
  std::vector<SamBlock> blocks;
  at::Tensor neck0, neck2, net_2, net_3;
  LayerNorm neck1, neck3;
  int64_t patch = 16;
  static absl::StatusOr<SamEncoder> Load(const WeightScope& scope, const SamConfig& config);
  // [views, 3, S, S] -> [views, channels, S / 64, S / 64]; nothing once `stop` is set.
  std::optional<at::Tensor> operator()(const at::Tensor& views, const std::atomic<bool>& stop) const;
};

}  // namespace quire::worker
