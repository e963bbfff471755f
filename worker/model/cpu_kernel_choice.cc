#include "worker/model/cpu_kernel_table.h"

namespace quire::worker {
namespace {

const CpuKernels& Best() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                  __builtin_cpu_supports("bmi2");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                  __builtin_cpu_supports("avx512cd");
  if (v4) return avx512::kKernels;
  if (v3) return avx2::kKernels;
#endif
  return any::kKernels;
}

const CpuKernels& best = Best();

}  // namespace

void Attend(const BlockAttention& attention) { best.attend(attention); }
void Multiply(const CpuMatrix& weight, std::span<const CpuProduct> products, bool add, int64_t begin,
              int64_t end) {
  best.multiply(weight, products, add, begin, end);
}
void GateTimesUp(const CpuMatrix& gate_up, int64_t width, std::span<const CpuProduct> products,
                 int64_t begin, int64_t end) {
  best.gate_times_up(gate_up, width, products, begin, end);
}
void Decode(const CpuMatrix& matrix, int64_t begin, int64_t end, float* values) {
  best.decode(matrix, begin, end, values);
}
void NormRow(const float* x, const float* weight, int64_t size, double eps, float* out) {
  best.norm_row(x, weight, size, eps, out);
}

void TurnHead(float* head, const float* cos, const float* sin, int64_t head_dim) {
  const int64_t half = head_dim / 2;
  for (int64_t i = 0; i < half; ++i) {
    const float first = head[i], second = head[half + i];
    head[i] = first * cos[i] - second * sin[i];
    head[half + i] = second * cos[half + i] + first * sin[half + i];
  }
}

CpuMatrix CpuMatrix::From(int64_t row) const {
  CpuMatrix rest = *this;
  if (values != nullptr) {
    rest.values += row * in;
  } else {
    rest.codes += row * in;
    rest.scales += row * (in / group);
    rest.biases += row * (in / group);
  }
  return rest;
}

}  // namespace quire::worker
