#include "worker/model/layers.h"

#include <ATen/ATen.h>

#include "proto/status.h"

namespace quire::worker {

absl::StatusOr<Linear> Linear::Load(const WeightScope& scope, int64_t in, int64_t out,
                                    bool has_bias) {
  Linear linear;
  QUIRE_ASSIGN_OR_RETURN(linear.weight, scope.Take("weight", {out, in}));
  if (has_bias) {
    QUIRE_ASSIGN_OR_RETURN(linear.bias, scope.Take("bias", {out}));
  }
  return linear;
}
at::Tensor Linear::operator()(const at::Tensor& x) const { return at::linear(x, weight, bias); }

absl::StatusOr<LayerNorm> LayerNorm::Load(const WeightScope& scope, int64_t dim, double eps) {
  LayerNorm norm{.eps = eps};
  QUIRE_ASSIGN_OR_RETURN(norm.weight, scope.TakeF32("weight", {dim}));
  QUIRE_ASSIGN_OR_RETURN(norm.bias, scope.TakeF32("bias", {dim}));
  return norm;
}
at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
  return at::layer_norm(x.to(at::kFloat), {weight.size(0)}, weight, bias, eps).to(x.scalar_type());
}

absl::StatusOr<RmsNorm> RmsNorm::Load(const WeightScope& scope, int64_t dim, double eps) {
  RmsNorm norm{.eps = eps};
  QUIRE_ASSIGN_OR_RETURN(norm.weight, scope.Take("weight", {dim}));
  return norm;
}
at::Tensor RmsNorm::operator()(const at::Tensor& x) const {
  const at::Tensor wide = x.to(at::kFloat);
  const at::Tensor scale = wide.pow(2).mean(-1, /*keepdim=*/true).add_(eps).rsqrt_();
  return (wide * scale).to(x.scalar_type()) * weight;
}

at::Tensor ResizeGrid(const at::Tensor& table, int64_t side) {
  if (table.size(2) == side && table.size(3) == side) return table;
  return at::_upsample_bicubic2d_aa(table.to(at::kFloat), {side, side}, /*align_corners=*/false)
      .to(table.scalar_type());
}

at::Tensor ResizeLength(const at::Tensor& table, int64_t wanted) {
  if (table.size(0) == wanted) return table;
  const at::Tensor rows = table.to(at::kFloat).t().unsqueeze(0);  // [1, head_dim, length]
  return at::upsample_linear1d(rows, {wanted}, /*align_corners=*/false)
      .squeeze(0)
      .t()
      .contiguous()
      .to(table.scalar_type());  // [wanted, head_dim]
}

}  // namespace quire::worker
