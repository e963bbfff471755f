#pragma once

#include <cstdint>

namespace quire::worker {

// What a step of single rows is made of, in float32 on the CPU. Pointers are to contiguous memory.

// y[row] = weight * x[row], or added to what is there.
struct MatrixTimesRows {
  const float* weight = nullptr;  // [out, in]
  int64_t in = 0;
  const float* x = nullptr;  // `rows` rows of `in`, x_stride apart
  int64_t x_stride = 0;
  float* y = nullptr;  // `rows` rows of `out`, y_stride apart
  int64_t y_stride = 0;
  int64_t rows = 1;
  bool add = false;
};
// The outputs begin..end of it. Each row of the weight is read once for all rows of x.
void Multiply(const MatrixTimesRows& product, int64_t begin, int64_t end);

// out[begin..end] = factor * silu(gate_up[i] * x) * (gate_up[width + i] * x).
//   gate_up  [2 * width, in], gate first
void GateTimesUp(const float* gate_up, int64_t width, const float* x, int64_t in, float factor,
                 float* out, int64_t begin, int64_t end);

// Root mean square norm of one row.
void NormRow(const float* x, const float* weight, int64_t size, double eps, float* out);

// Turns a query or key by its position, first half with second half.
void TurnHead(float* head, const float* cos, const float* sin, int64_t head_dim);

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

}  // namespace quire::worker
