#include "worker/engine/sampler.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <span>

namespace quire::worker {
namespace {

// On the CPU without an operator: libtorch's exponentials would wake its threads for each token.
Sample BestOf(std::span<const float> logits) {
  size_t best = 0;
  for (size_t id = 1; id < logits.size(); ++id) {
    if (logits[id] > logits[best]) best = id;
  }
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - logits[best]);
  return {static_cast<int>(best), -std::log(sum)};
}

}  // namespace

std::vector<Sample> SampleGreedily(at::Tensor logits,
                                   const std::vector<std::vector<int>>& banned) {
  for (size_t row = 0; row < banned.size(); ++row) {
    if (banned[row].empty()) continue;
    const std::vector<int64_t> ids(banned[row].begin(), banned[row].end());
    logits[static_cast<int64_t>(row)].index_fill_(
        0, at::tensor(ids, at::kLong).to(logits.device()),
        -std::numeric_limits<double>::infinity());
  }
  std::vector<Sample> samples;
  if (logits.is_cpu()) {
    const at::Tensor rows = logits.contiguous();
    const size_t vocab = static_cast<size_t>(rows.size(1));
    for (int64_t row = 0; row < rows.size(0); ++row) {
      samples.push_back(BestOf({rows.const_data_ptr<float>() + row * vocab, vocab}));
    }
    return samples;
  }
  const at::Tensor best = logits.argmax(-1);                         // [rows]
  const at::Tensor log_probability =
      logits.gather(-1, best.unsqueeze(-1)).squeeze(-1) - logits.logsumexp({-1});
  const at::Tensor ids = best.to(at::kCPU), values = log_probability.to(at::kCPU);
  for (int64_t row = 0; row < ids.size(0); ++row) {
    samples.push_back({static_cast<int>(ids.const_data_ptr<int64_t>()[row]),
                       values.const_data_ptr<float>()[row]});
  }
  return samples;
}

}  // namespace quire::worker
