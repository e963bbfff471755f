#pragma once

#include <ATen/core/Tensor.h>

#include "worker/model/config.h"
#include "worker/model/matrix.h"

namespace quire::worker {

// down(silu(gate(x)) * up(x)).
struct SwiGlu {
  Matrix gate_up_proj;  // [2 * width, hidden], gate first
  Matrix down_proj;     // [hidden, width]
  static absl::StatusOr<SwiGlu> Load(const WeightScope& scope, int64_t hidden, int64_t width);
  at::Tensor operator()(const at::Tensor& x) const;  // [rows, hidden]
};

// Routed experts of which each row takes the best few, beside shared ones that every row takes.
// Source: modeling_deepseekv2.py, DeepseekV2MoE and MoEGate ("greedy", softmax).
struct Moe {
  at::Tensor gate;                // [experts, hidden] float32
  Matrix gate_up_proj, down_proj; // [experts, 2 * width, hidden], [experts, hidden, width]
  SwiGlu shared_experts;
  int64_t top_k = 0;
  bool norm_topk_prob = false;
  double routed_scaling_factor = 1;
  static absl::StatusOr<Moe> Load(const WeightScope& scope, const DecoderConfig& config);
  at::Tensor operator()(const at::Tensor& x) const;  // [rows, hidden]

 private:
  at::Tensor Routed(const at::Tensor& x, const at::Tensor& probabilities,
                    const at::Tensor& experts) const;
  // Outputs of rows that are sorted by expert; `by_expert` [rows] int64 says whose they are, `ends`
  // [experts] int32 where each one's end.
  at::Tensor Outputs(const at::Tensor& sorted, const at::Tensor& by_expert,
                     const at::Tensor& ends) const;
  // Codes of the rows' experts alone are decoded, for each row anew.
  at::Tensor PickedExperts(const at::Tensor& sorted, const at::Tensor& by_expert) const;
  // All experts in one operator that asks the device for nothing: bfloat16 alone.
  at::Tensor AllExperts(const at::Tensor& sorted, const at::Tensor& ends) const;
  at::Tensor EachExpert(const at::Tensor& sorted, const at::Tensor& ends) const;
};

}  // namespace quire::worker
