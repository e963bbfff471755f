#include "worker/model/cpu_decoder.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "worker/model/cpu_kernels.h"

namespace quire::worker {

CpuDecoder::CpuDecoder(CpuDecoderWeights weights, int64_t block_tokens, int threads)
    : weights_(std::move(weights)),
      head_dim_(weights_.hidden / weights_.heads),
      block_tokens_(block_tokens),
      scratch_(threads),
      team_(threads) {
  for (const CpuDecoderLayer& layer : weights_.layers) {
    inner_width_ = std::max(inner_width_, layer.width + weights_.top_k * layer.expert_width);
  }
}

// The part of `count` outputs that a rank computes.
CpuDecoder::Range CpuDecoder::Share(int64_t count, int rank) const {
  const int64_t threads = team_.threads();
  return {count * rank / threads, count * (rank + 1) / threads};
}

void CpuDecoder::Step(float* hidden, std::span<const CpuRow> rows,
                      std::span<const CpuCacheLayer> cache, float* logits) {
  rows_ = static_cast<int64_t>(rows.size());
  qkv_.resize(rows_ * 3 * weights_.hidden);
  heads_.resize(rows_ * weights_.hidden);
  inner_.resize(rows_ * inner_width_);
  team_.Run([&](int rank) {
    for (size_t i = 0; i < weights_.layers.size(); ++i) {
      Attention(weights_.layers[i], cache[i], rows, hidden, rank);
      FeedForward(weights_.layers[i], hidden, rank);
    }
    std::vector<float>& normed = scratch_[rank].normed;
    Norm(hidden, weights_.norm, normed);
    const Range mine = Share(weights_.vocab, rank);
    Multiply({.weight = weights_.lm_head,
              .in = weights_.hidden,
              .x = normed.data(),
              .x_stride = weights_.hidden,
              .y = logits,
              .y_stride = weights_.vocab,
              .rows = rows_},
             mine.begin, mine.end);
  });
}

// Every rank norms all rows for itself: that is cheaper than to meet for it.
void CpuDecoder::Norm(const float* x, const float* weight, std::vector<float>& out) const {
  out.resize(rows_ * weights_.hidden);
  for (int64_t row = 0; row < rows_; ++row) {
    NormRow(x + row * weights_.hidden, weight, weights_.hidden, weights_.eps,
            out.data() + row * weights_.hidden);
  }
}

void CpuDecoder::Attention(const CpuDecoderLayer& layer, const CpuCacheLayer& cache,
                           std::span<const CpuRow> rows, float* hidden, int rank) {
  const int64_t dim = weights_.hidden;
  Scratch& scratch = scratch_[rank];
  Norm(hidden, layer.input_layernorm, scratch.normed);
  const Range outputs = Share(3 * dim, rank);
  Multiply({.weight = layer.qkv_proj, .in = dim, .x = scratch.normed.data(), .x_stride = dim,
            .y = qkv_.data(), .y_stride = 3 * dim, .rows = rows_},
           outputs.begin, outputs.end);
  team_.Meet();

  const Range jobs = Share(rows_ * weights_.heads, rank);
  for (int64_t job = jobs.begin; job < jobs.end; ++job) {
    const int64_t row = job / weights_.heads, head = job % weights_.heads;
    const int64_t position = rows[row].length;
    float* q = qkv_.data() + row * 3 * dim + head * head_dim_;
    float* k = q + dim;
    const float* v = q + 2 * dim;
    const float* cos = weights_.cos + position * head_dim_;
    const float* sin = weights_.sin + position * head_dim_;
    TurnHead(q, cos, sin, head_dim_);
    TurnHead(k, cos, sin, head_dim_);
    const int64_t place =
        ((rows[row].blocks[position / block_tokens_] * weights_.heads + head) * block_tokens_ +
         position % block_tokens_) * head_dim_;
    std::copy_n(k, head_dim_, cache.keys + place);
    std::copy_n(v, head_dim_, cache.values + place);
    scratch.scores.resize(position + 1);
    Attend({.query = q,
            .keys = cache.keys,
            .values = cache.values,
            .blocks = rows[row].blocks,
            .tokens = position + 1,
            .heads = weights_.heads,
            .head = head,
            .block_tokens = block_tokens_,
            .head_dim = head_dim_,
            .scale = 1.0f / std::sqrt(static_cast<float>(head_dim_)),
            .scores = scratch.scores.data(),
            .out = heads_.data() + row * dim + head * head_dim_});
  }
  team_.Meet();

  const Range sums = Share(dim, rank);
  Multiply({.weight = layer.o_proj, .in = dim, .x = heads_.data(), .x_stride = dim, .y = hidden,
            .y_stride = dim, .rows = rows_, .add = true},
           sums.begin, sums.end);
  team_.Meet();
}

void CpuDecoder::FeedForward(const CpuDecoderLayer& layer, float* hidden, int rank) {
  const int64_t dim = weights_.hidden;
  Scratch& scratch = scratch_[rank];
  Norm(hidden, layer.post_attention_layernorm, scratch.normed);
  std::vector<std::vector<Choice>> chosen(rows_);
  const Range dense = Share(layer.width, rank), expert = Share(layer.expert_width, rank);
  for (int64_t row = 0; row < rows_; ++row) {
    const float* x = scratch.normed.data() + row * dim;
    float* inner = inner_.data() + row * inner_width_;
    GateTimesUp(layer.gate_up_proj, layer.width, x, dim, 1, inner, dense.begin, dense.end);
    if (layer.gate == nullptr) continue;
    chosen[row] = ChooseExperts(layer, x);
    inner += layer.width;
    for (const Choice& choice : chosen[row]) {
      GateTimesUp(layer.expert_gate_up_proj + choice.expert * 2 * layer.expert_width * dim,
                  layer.expert_width, x, dim, choice.probability, inner, expert.begin, expert.end);
      inner += layer.expert_width;
    }
  }
  team_.Meet();

  const Range sums = Share(dim, rank);
  Multiply({.weight = layer.down_proj, .in = layer.width, .x = inner_.data(),
            .x_stride = inner_width_, .y = hidden, .y_stride = dim, .rows = rows_, .add = true},
           sums.begin, sums.end);
  for (int64_t row = 0; row < rows_; ++row) {
    const float* inner = inner_.data() + row * inner_width_ + layer.width;
    for (const Choice& choice : chosen[row]) {
      Multiply({.weight = layer.expert_down_proj + choice.expert * dim * layer.expert_width,
                .in = layer.expert_width, .x = inner, .y = hidden + row * dim, .add = true},
               sums.begin, sums.end);
      inner += layer.expert_width;
    }
  }
  team_.Meet();
}

// Softmax over all experts, then the best few: as Moe does it.
std::vector<CpuDecoder::Choice> CpuDecoder::ChooseExperts(const CpuDecoderLayer& layer,
                                                          const float* x) const {
  std::vector<float> scores(weights_.experts);
  Multiply({.weight = layer.gate, .in = weights_.hidden, .x = x, .y = scores.data()}, 0,
           weights_.experts);
  const float largest = *std::max_element(scores.begin(), scores.end());
  float sum = 0;
  for (float& score : scores) sum += score = std::exp(score - largest);
  std::vector<int64_t> order(weights_.experts);
  std::iota(order.begin(), order.end(), 0);
  std::partial_sort(order.begin(), order.begin() + weights_.top_k, order.end(),
                    [&](int64_t a, int64_t b) { return scores[a] > scores[b]; });
  std::vector<Choice> chosen;
  float chosen_sum = 0;
  for (int64_t i = 0; i < weights_.top_k; ++i) {
    chosen.push_back({order[i], scores[order[i]] / sum});
    chosen_sum += chosen.back().probability;
  }
  for (Choice& choice : chosen) {
    if (weights_.norm_topk_prob) choice.probability /= chosen_sum;
    choice.probability *= static_cast<float>(weights_.routed_scaling_factor);
  }
  return chosen;
}

}  // namespace quire::worker
