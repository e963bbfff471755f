#pragma once

#include <cstdint>
#include <span>

namespace quire::worker {

// What a step of single rows is made of, in float32 on the CPU. Pointers are to contiguous memory.

// A weight [out, in]: values, or codes of 8 bits with a scale and a bias for each `group` of a row's
// columns, value = scale * code + bias. The product is exact, so both give the same values.
struct CpuMatrix {
  const float* values = nullptr;   // null where there are codes
  const uint8_t* codes = nullptr;  // [out, in]
  const float* scales = nullptr;   // [out, in / group]
  const float* biases = nullptr;   // the same
  int64_t in = 0;
  int64_t group = 0;  // a multiple of kCodesAtOnce that divides `in`

  static constexpr int64_t kCodesAtOnce = 16;
  CpuMatrix From(int64_t row) const;  // the same without the rows before
};

// One row that a weight is multiplied with, and where its product goes.
struct CpuProduct {
  const float* x = nullptr;  // [weight.in]
  float* y = nullptr;        // [weight's rows]
  float factor = 1;          // of GateTimesUp
};

// y[i] = weight[i] * x, or added to what is there, for i in begin..end. Each row of the weight is read,
// and decoded, once for up to 8 products.
void Multiply(const CpuMatrix& weight, std::span<const CpuProduct> products, bool add, int64_t begin,
              int64_t end);

// y[i] = factor * silu(gate_up[i] * x) * (gate_up[width + i] * x) for i in begin..end.
//   gate_up  [2 * width, in], gate first
void GateTimesUp(const CpuMatrix& gate_up, int64_t width, std::span<const CpuProduct> products,
                 int64_t begin, int64_t end);

// The rows begin..end as values [end - begin, in]; the matrix has codes.
void Decode(const CpuMatrix& matrix, int64_t begin, int64_t end, float* values);

// Root mean square norm of one row.
void NormRow(const float* x, const float* weight, int64_t size, double eps, float* out);

// Turns a query or key by its position, first half with second half.
void TurnHead(float* head, const float* cos, const float* sin, int64_t head_dim);

// What the KV cache holds: float32, or IEEE half precision, whose bits are in a uint16_t.
enum class CacheCell { kF32, kF16 };

// One query against the keys and values of a sequence in blocks, for one head.
struct BlockAttention {
  const float* query = nullptr;  // [head_dim]
  const void* keys = nullptr;    // [blocks, heads, block_tokens, head_dim] of `cell`
  const void* values = nullptr;  // the same; both are finite
  CacheCell cell = CacheCell::kF32;
  const int32_t* blocks = nullptr;  // the sequence's, in order
  int64_t tokens = 0;
  int64_t heads = 0, head = 0, block_tokens = 0, head_dim = 0;
  float scale = 1;
  float* scores = nullptr;  // room for `tokens`, and for kCodesAtOnce more
  float* out = nullptr;     // [head_dim]
};
void Attend(const BlockAttention& attention);

}  // namespace quire::worker
