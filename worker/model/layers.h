#pragma once

#include <ATen/core/Tensor.h>

#include "absl/status/statusor.h"
#include "worker/model/weights.h"

namespace quire::worker {

// y = x * weight^T + bias.
struct Linear {
  at::Tensor weight;  // [out, in]
  at::Tensor bias;    // [out], or undefined
  static absl::StatusOr<Linear> Load(const WeightScope& scope, int64_t in, int64_t out,
                                     bool has_bias = true);
  at::Tensor operator()(const at::Tensor& x) const;
};

// Layer norm over the last dimension, in float32; the result has x's type.
struct LayerNorm {
  at::Tensor weight, bias;  // [dim] float32
  double eps = 1e-5;
  static absl::StatusOr<LayerNorm> Load(const WeightScope& scope, int64_t dim, double eps);
  at::Tensor operator()(const at::Tensor& x) const;
};

// Root mean square norm over the last dimension: normalised in float32, cast, then weighted.
// Source: modeling_deepseekv2.py, DeepseekV2RMSNorm.
struct RmsNorm {
  at::Tensor weight;  // [dim]
  double eps = 1e-6;
  static absl::StatusOr<RmsNorm> Load(const WeightScope& scope, int64_t dim, double eps);
  at::Tensor operator()(const at::Tensor& x) const;
};

// Position tables of another grid than the model's: bicubic with antialias, corners not aligned, in
// float32. Skipped where the sizes agree.
//   table    [1, channels, height, width]
//   returns  [1, channels, side, side]
at::Tensor ResizeGrid(const at::Tensor& table, int64_t side);

// Relative positions of another length: linear, corners not aligned, in float32.
//   table    [length, head_dim]
//   returns  [wanted, head_dim]
at::Tensor ResizeLength(const at::Tensor& table, int64_t wanted);

}  // namespace quire::worker
