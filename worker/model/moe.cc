#include "worker/model/moe.h"

#include <ATen/ATen.h>

#include <tuple>
#include <vector>

#include "proto/status.h"

namespace quire::worker {
namespace {

at::Tensor GateTimesUp(const at::Tensor& gate_up) {
  const std::vector<at::Tensor> halves = gate_up.chunk(2, -1);
  return at::silu(halves[0]).mul_(halves[1]);
}

}  // namespace

absl::StatusOr<SwiGlu> SwiGlu::Load(const WeightScope& scope, int64_t hidden, int64_t width) {
  SwiGlu mlp;
  QUIRE_ASSIGN_OR_RETURN(const Matrix gate, Matrix::Load(scope / "gate_proj", hidden, width));
  QUIRE_ASSIGN_OR_RETURN(const Matrix up, Matrix::Load(scope / "up_proj", hidden, width));
  mlp.gate_up_proj = Matrix::Rows({gate, up});
  QUIRE_ASSIGN_OR_RETURN(mlp.down_proj, Matrix::Load(scope / "down_proj", width, hidden));
  return mlp;
}

at::Tensor SwiGlu::operator()(const at::Tensor& x) const {
  return down_proj(GateTimesUp(gate_up_proj(x)));
}

absl::StatusOr<Moe> Moe::Load(const WeightScope& scope, const DecoderConfig& config) {
  const int64_t hidden = config.hidden_size, width = config.moe_intermediate_size;
  Moe moe{.top_k = config.num_experts_per_tok,
          .norm_topk_prob = config.norm_topk_prob,
          .routed_scaling_factor = config.routed_scaling_factor};
  QUIRE_ASSIGN_OR_RETURN(moe.gate, scope.TakeF32("gate.weight", {config.n_routed_experts, hidden}));
  std::vector<Matrix> gate_up, down;
  for (int64_t i = 0; i < config.n_routed_experts; ++i) {
    QUIRE_ASSIGN_OR_RETURN(SwiGlu expert, SwiGlu::Load(scope / "experts" / i, hidden, width));
    gate_up.push_back(expert.gate_up_proj);
    down.push_back(expert.down_proj);
  }
  moe.gate_up_proj = Matrix::Stack(gate_up);
  moe.down_proj = Matrix::Stack(down);
  QUIRE_ASSIGN_OR_RETURN(
      moe.shared_experts,
      SwiGlu::Load(scope / "shared_experts", hidden, width * config.n_shared_experts));
  return moe;
}

at::Tensor Moe::operator()(const at::Tensor& x) const {
  const at::Tensor scores = at::softmax(at::linear(x.to(at::kFloat), gate), -1);  // [rows, experts]
  auto [probabilities, experts] = at::topk(scores, top_k, -1);                    // [rows, top_k]
  if (norm_topk_prob) probabilities = probabilities / probabilities.sum(-1, true);
  if (routed_scaling_factor != 1) probabilities = probabilities * routed_scaling_factor;
  return Routed(x, probabilities, experts) + shared_experts(x);
}

at::Tensor Moe::Routed(const at::Tensor& x, const at::Tensor& probabilities,
                       const at::Tensor& experts) const {
  // Rows are sorted by expert, so that each expert is one multiplication.
  const int64_t rows = x.size(0);
  const at::Tensor flat = experts.reshape({-1});                     // [rows * top_k]
  const at::Tensor order = flat.argsort(/*stable=*/true, /*dim=*/0, /*descending=*/false);
  const at::Tensor counts =
      at::bincount(flat, {}, gate_up_proj.size(0)).to(at::kCPU);     // [experts]
  const at::Tensor row_of = order.div(top_k, "floor");
  const at::Tensor sorted = x.index_select(0, row_of);               // [rows * top_k, hidden]
  std::vector<at::Tensor> outputs;
  int64_t at_row = 0;
  for (int64_t e = 0; e < gate_up_proj.size(0); ++e) {
    const int64_t count = counts.const_data_ptr<int64_t>()[e];
    if (count == 0) continue;
    const at::Tensor mine = sorted.narrow(0, at_row, count);
    outputs.push_back(down_proj[e](GateTimesUp(gate_up_proj[e](mine))));
    at_row += count;
  }
  const at::Tensor weighted = at::cat(outputs, 0).to(at::kFloat) *
                              probabilities.reshape({-1}).index_select(0, order).unsqueeze(-1);
  return at::zeros({rows, x.size(1)}, weighted.options())
      .index_add_(0, row_of, weighted)
      .to(x.scalar_type());                                          // [rows, hidden]
}

}  // namespace quire::worker
