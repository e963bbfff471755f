#include "worker/model/cpu_decoder.h"

#include <c10/util/Half.h>

#include <algorithm>
#include <cmath>

namespace quire::worker {
namespace {

// One head's key or value to its place in the cache.
void Store(const float* head, int64_t head_dim, CacheCell cell, void* cached, int64_t place) {
  if (cell == CacheCell::kF16) {
    std::copy_n(head, head_dim, static_cast<c10::Half*>(cached) + place);
  } else {
    std::copy_n(head, head_dim, static_cast<float*>(cached) + place);
  }
}

}  // namespace

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
                      std::span<const CpuCacheLayer> cache, float* logits,
                      StepClock* clock) {
  rows_ = static_cast<int64_t>(rows.size());
  qkv_.resize(rows_ * 3 * weights_.hidden);
  heads_.resize(rows_ * weights_.hidden);
  inner_.resize(rows_ * inner_width_);
  team_.Run([&](int rank) {
    // All ranks meet at a part's end, so that the first one's times are everybody's.
    StepClock* const own_clock = rank == 0 ? clock : nullptr;
    for (size_t i = 0; i < weights_.layers.size(); ++i) {
      BeginPart(own_clock, StepPart::kAttention);
      Attention(weights_.layers[i], cache[i], rows, hidden, rank);
      BeginPart(own_clock, StepPart::kExperts);
      FeedForward(weights_.layers[i], hidden, rank);
    }
    BeginPart(own_clock, StepPart::kHead);
    Scratch& scratch = scratch_[rank];
    Norm(hidden, weights_.norm, scratch.normed);
    const Range mine = Share(weights_.vocab, rank);
    Multiply(weights_.lm_head,
             Rows(scratch, scratch.normed.data(), weights_.hidden, logits, weights_.vocab),
             /*add=*/false, mine.begin, mine.end);
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

std::span<const CpuProduct> CpuDecoder::Rows(Scratch& scratch, const float* x, int64_t x_stride,
                                             float* y, int64_t y_stride) const {
  scratch.products.clear();
  for (int64_t row = 0; row < rows_; ++row) {
    scratch.products.push_back({.x = x + row * x_stride, .y = y + row * y_stride});
  }
  return scratch.products;
}

void CpuDecoder::Attention(const CpuDecoderLayer& layer, const CpuCacheLayer& cache,
                           std::span<const CpuRow> rows, float* hidden, int rank) {
  const int64_t dim = weights_.hidden;
  Scratch& scratch = scratch_[rank];
  Norm(hidden, layer.input_layernorm, scratch.normed);
  const Range outputs = Share(3 * dim, rank);
  Multiply(layer.qkv_proj, Rows(scratch, scratch.normed.data(), dim, qkv_.data(), 3 * dim),
           /*add=*/false, outputs.begin, outputs.end);
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
    Store(k, head_dim_, cache.cell, cache.keys, place);
    Store(v, head_dim_, cache.cell, cache.values, place);
    scratch.scores.resize(position + 1 + CpuMatrix::kCodesAtOnce);
    Attend({.query = q,
            .keys = cache.keys,
            .values = cache.values,
            .cell = cache.cell,
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
  Multiply(layer.o_proj, Rows(scratch, heads_.data(), dim, hidden, dim), /*add=*/true, sums.begin,
           sums.end);
  team_.Meet();
}

// Calls do(expert, its choices) for each expert that a row takes, with no products in the scratch.
template <typename Do>
void CpuDecoder::ForEachExpert(Scratch& scratch, const Do& do_one) const {
  const std::span<const Choice> all = scratch.choices;
  for (size_t begin = 0; begin < all.size();) {
    size_t end = begin + 1;
    while (end < all.size() && all[end].expert == all[begin].expert) ++end;
    scratch.products.clear();
    do_one(all[begin].expert, all.subspan(begin, end - begin));
    begin = end;
  }
}

void CpuDecoder::FeedForward(const CpuDecoderLayer& layer, float* hidden, int rank) {
  const int64_t dim = weights_.hidden;
  Scratch& scratch = scratch_[rank];
  Norm(hidden, layer.post_attention_layernorm, scratch.normed);
  const Range dense = Share(layer.width, rank), expert = Share(layer.expert_width, rank);
  GateTimesUp(layer.gate_up_proj, layer.width,
              Rows(scratch, scratch.normed.data(), dim, inner_.data(), inner_width_), dense.begin,
              dense.end);
  scratch.choices.clear();
  if (layer.gate.values != nullptr) {
    for (int64_t row = 0; row < rows_; ++row) ChooseExperts(layer, row, scratch);
    std::stable_sort(scratch.choices.begin(), scratch.choices.end(),
                     [](const Choice& a, const Choice& b) { return a.expert < b.expert; });
  }
  const auto inner = [&](const Choice& choice) {
    return inner_.data() + choice.row * inner_width_ + layer.width + choice.place * layer.expert_width;
  };
  ForEachExpert(scratch, [&](int64_t index, std::span<const Choice> choices) {
    for (const Choice& choice : choices) {
      scratch.products.push_back({.x = scratch.normed.data() + choice.row * dim,
                                  .y = inner(choice),
                                  .factor = choice.probability});
    }
    GateTimesUp(layer.expert_gate_up_proj.From(index * 2 * layer.expert_width), layer.expert_width,
                scratch.products, expert.begin, expert.end);
  });
  team_.Meet();

  const Range sums = Share(dim, rank);
  Multiply(layer.down_proj, Rows(scratch, inner_.data(), inner_width_, hidden, dim), /*add=*/true,
           sums.begin, sums.end);
  ForEachExpert(scratch, [&](int64_t index, std::span<const Choice> choices) {
    for (const Choice& choice : choices) {
      scratch.products.push_back({.x = inner(choice), .y = hidden + choice.row * dim});
    }
    Multiply(layer.expert_down_proj.From(index * dim), scratch.products, /*add=*/true, sums.begin,
             sums.end);
  });
  team_.Meet();
}

// Softmax over all experts, then the best few: as Moe does it.
void CpuDecoder::ChooseExperts(const CpuDecoderLayer& layer, int64_t row, Scratch& scratch) const {
  std::vector<float>& scores = scratch.scores;
  scores.resize(std::max<size_t>(scores.size(), weights_.experts));
  const CpuProduct product{.x = scratch.normed.data() + row * weights_.hidden, .y = scores.data()};
  Multiply(layer.gate, {&product, 1}, /*add=*/false, 0, weights_.experts);
  const float largest = *std::max_element(scores.begin(), scores.begin() + weights_.experts);
  float sum = 0;
  for (int64_t i = 0; i < weights_.experts; ++i) sum += scores[i] = std::exp(scores[i] - largest);
  float chosen_sum = 0;
  const size_t first = scratch.choices.size();
  for (int64_t place = 0; place < weights_.top_k; ++place) {
    const int64_t best =
        std::max_element(scores.begin(), scores.begin() + weights_.experts) - scores.begin();
    scratch.choices.push_back(
        {.row = row, .place = place, .expert = best, .probability = scores[best] / sum});
    chosen_sum += scores[best] / sum;
    scores[best] = -1;  // taken
  }
  for (size_t i = first; i < scratch.choices.size(); ++i) {
    if (weights_.norm_topk_prob) scratch.choices[i].probability /= chosen_sum;
    scratch.choices[i].probability *= static_cast<float>(weights_.routed_scaling_factor);
  }
}

}  // namespace quire::worker
