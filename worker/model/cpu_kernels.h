#pragma once

#include <cstdint>

namespace quire::worker {

// What libtorch has no single operation for, in float32 on the CPU. Pointers are to contiguous memory.

// One query against the keys and values of a sequence in blocks, for one head.
struct BlockAttention {
  const float* query = nullptr;   // [head_dim]
  const float* keys = nullptr;    // [blocks, heads, block_tokens, head_dim]
  const float* values = nullptr;  // the same
  const int32_t* blocks = nullptr;  // the sequence's, in order
  int64_t tokens = 0;
  int64_t heads = 0, head = 0, block_tokens = 0, head_dim = 0;
  float scale = 1;
  float* scores = nullptr;  // room for `tokens`
  float* out = nullptr;     // [head_dim]
};
void Attend(const BlockAttention& attention);

// out += probability * down(silu(gate(x)) * up(x)) of one expert for one row.
struct ExpertRow {
  const float* x = nullptr;        // [hidden]
  const float* gate_up = nullptr;  // [2 * width, hidden], gate first
  const float* down = nullptr;     // [hidden, width]
  int64_t hidden = 0, width = 0;
  float probability = 1;
  float* inner = nullptr;  // room for 2 * width
  float* out = nullptr;    // [hidden]
};
void AddExpert(const ExpertRow& row);

}  // namespace quire::worker
