#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace quire::worker {

// Keys and values of all sequences, in blocks of kBlockTokens tokens handed out through a block
// table, so that sequences of any length share one allocation. One thread at a time.
class KvCache {
 public:
  static constexpr int64_t kBlockTokens = 64;

  struct Shape {
    int64_t layers = 0, heads = 0, head_dim = 0;
    int64_t tokens = 0;  // capacity over all sequences, rounded up to whole blocks
  };
  KvCache(const Shape& shape, const at::TensorOptions& options);

  // Handle of a new, empty sequence.
  int Open();
  // Gives its blocks back.
  void Close(int sequence);
  // Makes room for `rows` more tokens; false (and nothing changed) when the blocks do not suffice.
  bool Reserve(int sequence, int64_t rows);
  // Tokens stored for a sequence.
  int64_t length(int sequence) const;
  // Forgets all but a sequence's first `length` tokens; its blocks stay with it.
  void Truncate(int sequence, int64_t length);
  // Called once after a step: the rows that every layer wrote now count.
  void Advance(int sequence, int64_t rows);

  int64_t capacity_tokens() const;
  int64_t free_tokens() const;   // in whole free blocks
  int64_t used_tokens() const;

  // Block numbers of a sequence, in order.
  const std::vector<int32_t>& blocks(int sequence) const;
  // [blocks, heads, kBlockTokens, head_dim]
  const at::Tensor& keys(int64_t layer) const;
  const at::Tensor& values(int64_t layer) const;

 private:
  struct Sequence {
    bool open = false;
    int64_t length = 0;
    std::vector<int32_t> blocks;
  };
  std::vector<at::Tensor> keys_, values_;  // one per layer
  std::vector<Sequence> sequences_;
  std::vector<int32_t> free_blocks_;
  int64_t total_blocks_ = 0;
};

}  // namespace quire::worker
