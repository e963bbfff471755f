#include "worker/model/clip_encoder.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "proto/status.h"

namespace quire::worker {
namespace {

constexpr double kEps = 1e-5;

int64_t SquareRoot(int64_t n) {
  return std::lround(std::floor(std::sqrt(static_cast<double>(std::max<int64_t>(n, 0)))));
}

// x * sigmoid(1.702 * x), the GELU that CLIP was trained with; `x` is overwritten.
at::Tensor QuickGelu(at::Tensor x) { return x.mul_((x * 1.702).sigmoid_()); }

}  // namespace

absl::StatusOr<ClipLayer> ClipLayer::Load(const WeightScope& scope, const ClipConfig& config) {
  const int64_t dim = config.width, hidden = static_cast<int64_t>(dim * config.mlp_ratio);
  ClipLayer layer{.heads = config.heads};
  QUIRE_ASSIGN_OR_RETURN(layer.layer_norm1, LayerNorm::Load(scope / "layer_norm1", dim, kEps));
  QUIRE_ASSIGN_OR_RETURN(layer.qkv_proj, Linear::Load(scope / "self_attn" / "qkv_proj", dim, 3 * dim));
  QUIRE_ASSIGN_OR_RETURN(layer.out_proj, Linear::Load(scope / "self_attn" / "out_proj", dim, dim));
  QUIRE_ASSIGN_OR_RETURN(layer.layer_norm2, LayerNorm::Load(scope / "layer_norm2", dim, kEps));
  QUIRE_ASSIGN_OR_RETURN(layer.fc1, Linear::Load(scope / "mlp" / "fc1", dim, hidden));
  QUIRE_ASSIGN_OR_RETURN(layer.fc2, Linear::Load(scope / "mlp" / "fc2", hidden, dim));
  return layer;
}

at::Tensor ClipLayer::operator()(const at::Tensor& x) const {
  const int64_t views = x.size(0), rows = x.size(1), dim = x.size(2);
  const at::Tensor parts = qkv_proj(layer_norm1(x))                  // [views, rows, 3 * dim]
                               .view({views, rows, 3, heads, dim / heads})
                               .permute({2, 0, 3, 1, 4});            // [3, views, heads, rows, head_dim]
  const at::Tensor attended =
      at::scaled_dot_product_attention(parts[0], parts[1], parts[2])
          .transpose(1, 2)
          .reshape({views, rows, dim});                              // [views, rows, dim]
  const at::Tensor y = x + out_proj(attended);
  return y + fc2(QuickGelu(fc1(layer_norm2(y))));
}

absl::StatusOr<ClipEncoder> ClipEncoder::Load(const WeightScope& scope, const ClipConfig& config) {
  ClipEncoder clip;
  const WeightScope table = scope / "embeddings" / "position_embedding";
  const std::vector<int64_t> stored = table.ShapeOf("weight");
  const int64_t grid = stored.empty() ? 16 : SquareRoot(stored[0] - 1);
  const int64_t positions = grid * grid + 1;
  const WeightScope embeddings = scope / "embeddings";
  QUIRE_ASSIGN_OR_RETURN(clip.class_embedding, embeddings.Take("class_embedding", {config.width}));
  QUIRE_ASSIGN_OR_RETURN(clip.position_embedding, table.Take("weight", {positions, config.width}));
  QUIRE_ASSIGN_OR_RETURN(clip.pre_layrnorm,
                         LayerNorm::Load(scope / "pre_layrnorm", config.width, kEps));
  for (int64_t i = 0; i < config.layers; ++i) {
    QUIRE_ASSIGN_OR_RETURN(
        ClipLayer layer, ClipLayer::Load(scope / "transformer" / "layers" / i, config));
    clip.layers.push_back(std::move(layer));
  }
  return clip;
}

std::optional<at::Tensor> ClipEncoder::operator()(const at::Tensor& patches,
                                                  const std::atomic<bool>& stop) const {
  const int64_t views = patches.size(0), dim = patches.size(2);
  const int64_t grid = SquareRoot(patches.size(1));
  const int64_t table = SquareRoot(position_embedding.size(0) - 1);
  at::Tensor positions = position_embedding;                         // [table * table + 1, dim]
  if (grid != table) {
    const at::Tensor square = position_embedding.narrow(0, 1, table * table)
                                  .t()
                                  .reshape({1, dim, table, table});
    positions = at::cat({position_embedding.narrow(0, 0, 1),
                         ResizeGrid(square, grid).reshape({dim, grid * grid}).t()},
                        0);                                          // [grid * grid + 1, dim]
  }
  at::Tensor x = at::cat({class_embedding.expand({views, 1, dim}), patches}, 1) + positions;
  x = pre_layrnorm(x);
  for (const ClipLayer& layer : layers) {
    if (stop.load(std::memory_order_relaxed)) return std::nullopt;
    x = layer(x);
  }
  return x.narrow(1, 1, patches.size(1));                            // [views, patches, dim]
}

}  // namespace quire::worker
