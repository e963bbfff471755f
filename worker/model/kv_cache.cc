#include "worker/model/kv_cache.h"

#include <ATen/ATen.h>
#include <sys/mman.h>

#include <algorithm>

#include "proto/check.h"

namespace quire::worker {

namespace {

// Decoding goes through the cache once a step, and without this looks up thousands of addresses for it.
// Where the system has no such pages to give, nothing changes.
void AskForLargePages(const at::Tensor& tensor) {
#if defined(MADV_HUGEPAGE)
  constexpr uintptr_t kPage = 2 << 20;
  const auto begin = reinterpret_cast<uintptr_t>(tensor.data_ptr());
  const uintptr_t first = (begin + kPage - 1) / kPage * kPage;
  const uintptr_t last = (begin + tensor.nbytes()) / kPage * kPage;
  if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#endif
}

// Zeros everywhere: a row that is masked out still takes part, with the weight 0, and must be finite. On a
// CPU the system gives zeros as they are first touched, so that a cache takes the memory of what it held.
at::Tensor Zeros(at::IntArrayRef sizes, const at::TensorOptions& options) {
  const size_t bytes = c10::multiply_integers(sizes) * options.dtype().itemsize();
  if (!options.device().is_cpu() || bytes == 0) return at::zeros(sizes, options);
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) {
    TORCH_CHECK_WITH(OutOfMemoryError, false, "the system refuses ", bytes, " bytes for the KV cache");
  }
  const at::Tensor tensor =
      at::from_blob(data, sizes, [bytes](void* memory) { munmap(memory, bytes); }, options);
  AskForLargePages(tensor);
  return tensor;
}

}  // namespace

KvCache::KvCache(const Shape& shape, const at::TensorOptions& options) {
  total_blocks_ = (shape.tokens + kBlockTokens - 1) / kBlockTokens;
  for (int64_t i = 0; i < shape.layers; ++i) {
    const std::vector<int64_t> sizes = {total_blocks_, shape.heads, kBlockTokens, shape.head_dim};
    keys_.push_back(Zeros(sizes, options));
    values_.push_back(Zeros(sizes, options));
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

void KvCache::Truncate(int sequence, int64_t length) {
  Sequence& shrinking = sequences_.at(sequence);
  QUIRE_CHECK(shrinking.open && length >= 0 && length <= shrinking.length);
  shrinking.length = length;
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
