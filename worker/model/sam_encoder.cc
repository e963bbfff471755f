#include "worker/model/sam_encoder.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "proto/status.h"

namespace quire::worker {
namespace {

constexpr double kEps = 1e-6;
// Attention's bias is made for so many pairs of query and key at a time: a head of the official global
// blocks has 16.8 million. On a CPU it is to stay in the cache, on a GPU to keep all of it busy.
constexpr int64_t kBiasElements = 32 << 20;
constexpr int64_t kCpuBiasElements = 1 << 20;

// Rows of a relative position table for every pair of query and key: [side, side, head_dim].
at::Tensor Pairs(const at::Tensor& table, int64_t side) {
  const at::Tensor rows = ResizeLength(table, 2 * side - 1);
  const at::Tensor at_side = at::arange(side, rows.options().dtype(at::kLong));
  return rows.index({at_side.unsqueeze(1) - at_side.unsqueeze(0) + (side - 1)});
}

// [batch, channels, h, w], normalised over channels at each pixel.
at::Tensor NormChannels(const LayerNorm& norm, const at::Tensor& x) {
  return norm(x.permute({0, 2, 3, 1})).permute({0, 3, 1, 2});
}

}  // namespace

absl::StatusOr<SamAttention> SamAttention::Load(const WeightScope& scope, int64_t dim,
                                                int64_t heads, int64_t side) {
  SamAttention attention{.heads = heads};
  QUIRE_ASSIGN_OR_RETURN(attention.qkv, Linear::Load(scope / "qkv", dim, 3 * dim));
  QUIRE_ASSIGN_OR_RETURN(attention.proj, Linear::Load(scope / "proj", dim, dim));
  QUIRE_ASSIGN_OR_RETURN(attention.rel_pos_h, scope.Take("rel_pos_h", {2 * side - 1, dim / heads}));
  QUIRE_ASSIGN_OR_RETURN(attention.rel_pos_w, scope.Take("rel_pos_w", {2 * side - 1, dim / heads}));
  return attention;
}

at::Tensor SamAttention::operator()(const at::Tensor& x) const {
  const int64_t batch = x.size(0), side = x.size(1), dim = x.size(3), patches = side * side;
  const int64_t head_dim = dim / heads;
  const at::Tensor parts = qkv(x)                                    // [batch, side, side, 3 * dim]
                               .view({batch, patches, 3, heads, head_dim})
                               .permute({2, 0, 3, 1, 4});            // [3, batch, heads, patches, head_dim]
  const at::Tensor q = parts[0], k = parts[1], v = parts[2];
  const at::Tensor grid = q.unflatten(2, {side, side});              // [batch, heads, side, side, head_dim]
  // The query is not scaled here.
  const at::Tensor by_row = at::einsum("bnhwc,hkc->bnhwk", {grid, Pairs(rel_pos_h, side)})
                                .reshape({batch, heads, patches, side, 1});
  const at::Tensor by_column = at::einsum("bnhwc,wkc->bnhwk", {grid, Pairs(rel_pos_w, side)})
                                   .reshape({batch, heads, patches, 1, side});
  // [batch, patches, heads, head_dim], as libtorch lays its outputs out: no copy to merge the heads.
  at::Tensor merged = at::empty({batch, patches, heads, head_dim}, q.options());
  const int64_t room = x.is_cpu() ? kCpuBiasElements : kBiasElements;
  const int64_t pairs = std::max<int64_t>(room / (patches * patches), 1);  // of a view and a head
  const int64_t views_at_once = std::clamp<int64_t>(pairs / heads, 1, batch);
  const int64_t heads_at_once = std::min(pairs, heads);
  for (int64_t view = 0; view < batch; view += views_at_once) {
    for (int64_t head = 0; head < heads; head += heads_at_once) {
      const auto some = [&](const at::Tensor& t) {
        return t.narrow(0, view, std::min(views_at_once, batch - view))
            .narrow(1, head, std::min(heads_at_once, heads - head));
      };
      const at::Tensor bias = (some(by_row) + some(by_column)).flatten(3);  // [.., patches, patches]
      some(merged.transpose(1, 2))
          .copy_(at::scaled_dot_product_attention(some(q), some(k), some(v), bias));
    }
  }
  return proj(merged.view({batch, side, side, dim}));
}

absl::StatusOr<SamMlp> SamMlp::Load(const WeightScope& scope, int64_t dim, int64_t hidden) {
  SamMlp mlp;
  QUIRE_ASSIGN_OR_RETURN(mlp.lin1, Linear::Load(scope / "lin1", dim, hidden));
  QUIRE_ASSIGN_OR_RETURN(mlp.lin2, Linear::Load(scope / "lin2", hidden, dim));
  return mlp;
}
at::Tensor SamMlp::operator()(const at::Tensor& x) const { 
  at::Tensor inner = lin1(x);
  return lin2(at::gelu_(inner, "none"));
}

at::Tensor SamBlock::operator()(const at::Tensor& x) const {
  at::Tensor y = norm1(x);                                           // [batch, side, side, dim]
  if (window == 0) {
    y = attn(y);
  } else {
    // Padded after the norm: padding takes part as a token whose key and value are the biases.
    const int64_t batch = y.size(0), side = y.size(1), dim = y.size(3);
    const int64_t padding = (window - side % window) % window;
    const int64_t padded = side + padding, across = padded / window;
    if (padding > 0) y = at::constant_pad_nd(y, {0, 0, 0, padding, 0, padding}, 0);
    y = y.view({batch, across, window, across, window, dim})
            .permute({0, 1, 3, 2, 4, 5})
            .reshape({-1, window, window, dim});                     // [batch * windows, window, window, dim]
    y = attn(y)
            .view({batch, across, across, window, window, dim})
            .permute({0, 1, 3, 2, 4, 5})
            .reshape({batch, padded, padded, dim});
    if (padding > 0) y = y.narrow(1, 0, side).narrow(2, 0, side);    // [batch, side, side, dim]
  }
  y = x + y;
  return y.add_(mlp(norm2(y)));
}

absl::StatusOr<SamEncoder> SamEncoder::Load(const WeightScope& scope, const SamConfig& config) {
  SamEncoder sam{.patch = config.patch_size};
  const int64_t dim = config.width, side = config.image_size / config.patch_size;
  const int64_t c2 = config.downsample_channels[0], c3 = config.downsample_channels[1];
  QUIRE_ASSIGN_OR_RETURN(sam.patch_weight,
                         scope.Take("patch_embed.proj.weight", {dim, 3, sam.patch, sam.patch}));
  QUIRE_ASSIGN_OR_RETURN(sam.patch_bias, scope.Take("patch_embed.proj.bias", {dim}));
  QUIRE_ASSIGN_OR_RETURN(sam.pos_embed, scope.Take("pos_embed", {1, side, side, dim}));
  for (int64_t i = 0; i < config.layers; ++i) {
    const WeightScope here = scope / "blocks" / i;
    const bool global = std::find(config.global_attn_indexes.begin(),
                                  config.global_attn_indexes.end(),
                                  i) != config.global_attn_indexes.end();
    SamBlock block{.window = global ? 0 : config.window_size};
    QUIRE_ASSIGN_OR_RETURN(block.norm1, LayerNorm::Load(here / "norm1", dim, kEps));
    QUIRE_ASSIGN_OR_RETURN(block.attn, SamAttention::Load(here / "attn", dim, config.heads,
                                                          global ? side : config.window_size));
    QUIRE_ASSIGN_OR_RETURN(block.norm2, LayerNorm::Load(here / "norm2", dim, kEps));
    QUIRE_ASSIGN_OR_RETURN(
        block.mlp, SamMlp::Load(here / "mlp", dim, static_cast<int64_t>(dim * config.mlp_ratio)));
    sam.blocks.push_back(std::move(block));
  }
  const WeightScope neck = scope / "neck";
  const int64_t out = config.out_chans;
  QUIRE_ASSIGN_OR_RETURN(sam.neck0, neck.Take("0.weight", {out, dim, 1, 1}));
  QUIRE_ASSIGN_OR_RETURN(sam.neck1, LayerNorm::Load(neck / "1", out, kEps));
  QUIRE_ASSIGN_OR_RETURN(sam.neck2, neck.Take("2.weight", {out, out, 3, 3}));
  QUIRE_ASSIGN_OR_RETURN(sam.neck3, LayerNorm::Load(neck / "3", out, kEps));
  QUIRE_ASSIGN_OR_RETURN(sam.net_2, scope.Take("net_2.weight", {c2, out, 3, 3}));
  QUIRE_ASSIGN_OR_RETURN(sam.net_3, scope.Take("net_3.weight", {c3, c2, 3, 3}));
  return sam;
}

std::optional<at::Tensor> SamEncoder::operator()(const at::Tensor& views,
                                                 const std::atomic<bool>& stop) const {
  at::Tensor x = at::conv2d(views, patch_weight, patch_bias, patch)  // [views, dim, p, p]
                     .permute({0, 2, 3, 1});                         // [views, p, p, dim]
  const at::Tensor positions =
      ResizeGrid(pos_embed.permute({0, 3, 1, 2}), x.size(1)).permute({0, 2, 3, 1});
  // In the order of its dimensions, or every block would add and norm across memory.
  x = (x + positions).contiguous();
  for (const SamBlock& block : blocks) {
    if (stop.load(std::memory_order_relaxed)) return std::nullopt;
    x = block(x);
  }
  x = at::conv2d(x.permute({0, 3, 1, 2}), neck0);                    // [views, out, p, p]
  x = NormChannels(neck1, x);
  x = at::conv2d(x, neck2, {}, 1, 1);
  x = NormChannels(neck3, x);
  x = at::conv2d(x, net_2, {}, 2, 1);                                // [views, c2, p / 2, p / 2]
  return at::conv2d(x, net_3, {}, 2, 1);                             // [views, c3, p / 4, p / 4]
}

}  // namespace quire::worker
