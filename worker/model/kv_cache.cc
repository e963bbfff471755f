#include "worker/model/kv_cache.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "proto/check.h"

namespace quire::worker {

KvCache::KvCache(const Shape& shape, const at::TensorOptions& options) {
  total_blocks_ = (shape.tokens + kBlockTokens - 1) / kBlockTokens;
  for (int64_t i = 0; i < shape.layers; ++i) {
    const std::vector<int64_t> sizes = {total_blocks_, shape.heads, kBlockTokens, shape.head_dim};
    // Finite everywhere: a row that is masked out still takes part, with the weight 0.
    keys_.push_back(at::zeros(sizes, options));
    values_.push_back(at::zeros(sizes, options));
  }
  for (int64_t block = total_blocks_ - 1; block >= 0; --block) {
    free_blocks_.push_back(static_cast<int32_t>(block));
  }
}

int KvCache::Open() {
  const auto closed = std::find_if(sequences_.begin(), sequences_.end(),
                                   [](const Sequence& sequence) { return !sequence.open; });
  const int handle = static_cast<int>(closed - sequences_.begin());
  if (closed == sequences_.end()) sequences_.emplace_back();
  sequences_[handle].open = true;
  return handle;
}

void KvCache::Close(int sequence) {
  Sequence& closing = sequences_.at(sequence);
  QUIRE_CHECK(closing.open);
  free_blocks_.insert(free_blocks_.end(), closing.blocks.rbegin(), closing.blocks.rend());
  closing = {};
}

bool KvCache::Reserve(int sequence, int64_t rows) {
  Sequence& growing = sequences_.at(sequence);
  const int64_t blocks = (growing.length + rows + kBlockTokens - 1) / kBlockTokens;
  const int64_t more = blocks - static_cast<int64_t>(growing.blocks.size());
  if (more > static_cast<int64_t>(free_blocks_.size())) return false;
  for (int64_t i = 0; i < more; ++i) {
    growing.blocks.push_back(free_blocks_.back());
    free_blocks_.pop_back();
  }
  return true;
}

int64_t KvCache::length(int sequence) const { return sequences_.at(sequence).length; }

void KvCache::Advance(int sequence, int64_t rows) {
  Sequence& growing = sequences_.at(sequence);
  growing.length += rows;
  QUIRE_CHECK(growing.length <= static_cast<int64_t>(growing.blocks.size()) * kBlockTokens);
}

int64_t KvCache::capacity_tokens() const { return total_blocks_ * kBlockTokens; }
int64_t KvCache::free_tokens() const {
  return static_cast<int64_t>(free_blocks_.size()) * kBlockTokens;
}
int64_t KvCache::used_tokens() const {
  int64_t tokens = 0;
  for (const Sequence& sequence : sequences_) tokens += sequence.length;
  return tokens;
}
const std::vector<int32_t>& KvCache::blocks(int sequence) const {
  return sequences_.at(sequence).blocks;
}
const at::Tensor& KvCache::keys(int64_t layer) const { return keys_.at(layer); }
const at::Tensor& KvCache::values(int64_t layer) const { return values_.at(layer); }

}  // namespace quire::worker
