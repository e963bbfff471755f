#include "worker/engine/sampler.h"

#include <ATen/ATen.h>

#include <limits>

namespace quire::worker {

std::vector<Sample> SampleGreedily(at::Tensor logits,
                                   const std::vector<std::vector<int>>& banned) {
  for (size_t row = 0; row < banned.size(); ++row) {
    if (banned[row].empty()) continue;
    const std::vector<int64_t> ids(banned[row].begin(), banned[row].end());
    logits[static_cast<int64_t>(row)].index_fill_(
        0, at::tensor(ids, at::kLong).to(logits.device()),
        -std::numeric_limits<double>::infinity());
  }
  const at::Tensor best = logits.argmax(-1);                         // [rows]
  const at::Tensor log_probability =
      logits.gather(-1, best.unsqueeze(-1)).squeeze(-1) - logits.logsumexp({-1});
  const at::Tensor ids = best.to(at::kCPU), values = log_probability.to(at::kCPU);
  std::vector<Sample> samples;
  for (int64_t row = 0; row < ids.size(0); ++row) {
    samples.push_back({static_cast<int>(ids.const_data_ptr<int64_t>()[row]),
                       values.const_data_ptr<float>()[row]});
  }
  return samples;
}

}  // namespace quire::worker
