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
  const int64_t rows = x.size(0), hidden = x.size(1);
  // Rows are sorted by expert, so that each expert is one multiplication.
  const auto [by_expert, order] = experts.reshape({-1}).sort(/*stable=*/true, /*dim=*/0,
                                                             /*descending=*/false);
  const at::Tensor sorted = x.index_select(0, order.div(top_k, "floor"));  // [rows * top_k, hidden]
  const at::Tensor ends = at::searchsorted(
      by_expert, at::arange(gate.size(0), by_expert.options()), /*out_int32=*/true,
      /*right=*/true);                                               // [experts]
  const at::Tensor outputs = Outputs(sorted, by_expert, ends);
  // Back in order before the sum: adding up by index leaves the order of the sum to chance on a
  // GPU.
  const at::Tensor by_row =
      outputs.index_select(0, order.argsort()).view({rows, top_k, hidden}).to(at::kFloat);
  return (by_row * probabilities.unsqueeze(-1)).sum(1).to(x.scalar_type());  // [rows, hidden]
}

at::Tensor Moe::Outputs(const at::Tensor& sorted, const at::Tensor& by_expert,
                        const at::Tensor& ends) const {
  const bool coded = gate_up_proj.is_coded() && down_proj.is_coded();
  const bool has_kernel = gate.is_cpu() && sorted.scalar_type() == at::kFloat;
  const bool few_rows = sorted.size(0) < gate.size(0);
  if (coded && !has_kernel && few_rows) return PickedExperts(sorted, by_expert);
  const bool grouped = sorted.scalar_type() == at::kBFloat16 && sorted.size(1) % 8 == 0 &&
                       down_proj.size(2) % 8 == 0;
  return grouped ? AllExperts(sorted, ends) : EachExpert(sorted, ends);
}

at::Tensor Moe::PickedExperts(const at::Tensor& sorted, const at::Tensor& by_expert) const {
  const at::Tensor gate_up = at::bmm(sorted.unsqueeze(1),            // [rows, 1, 2 * width]
                                     gate_up_proj.Pick(by_expert).transpose(1, 2));
  return at::bmm(GateTimesUp(gate_up), down_proj.Pick(by_expert).transpose(1, 2)).squeeze(1);
}

at::Tensor Moe::AllExperts(const at::Tensor& sorted, const at::Tensor& ends) const {
  const at::Tensor gate_up = at::_grouped_mm(sorted, gate_up_proj.Values().transpose(1, 2), ends);
  return at::_grouped_mm(GateTimesUp(gate_up), down_proj.Values().transpose(1, 2), ends);
}

at::Tensor Moe::EachExpert(const at::Tensor& sorted, const at::Tensor& ends) const {
  const at::Tensor host_ends = ends.to(at::kCPU);
  std::vector<at::Tensor> outputs;
  int64_t begin = 0;
  for (int64_t e = 0; e < gate_up_proj.size(0); ++e) {
    const int64_t end = host_ends.const_data_ptr<int>()[e];
    if (end == begin) continue;
    const at::Tensor mine = sorted.narrow(0, begin, end - begin);
    outputs.push_back(down_proj[e](GateTimesUp(gate_up_proj[e](mine))));
    begin = end;
  }
  return at::cat(outputs, 0);                                        // [rows * top_k, hidden]
}

}  // namespace quire::worker
