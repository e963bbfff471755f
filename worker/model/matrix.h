#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/model/cpu_kernels.h"
#include "worker/model/weights.h"

namespace quire::worker {

// A weight [out, in], or several of one shape [n, out, in]: values in the model's type, or the
// checkpoint's 8-bit codes. Kept codes are multiplied with single rows directly in float32 on the
// CPU; elsewhere they are decoded at each use, which costs time and saves half of a bfloat16's
// memory. Decoded values are those that the checkpoint's own arithmetic gives.
struct Matrix {
  at::Tensor values;          // [..., out, in]; undefined where there are codes
  at::Tensor codes;           // [..., out, in] uint8
  at::Tensor scales, biases;  // [..., out, in / group] float32
  at::ScalarType decoded_type = at::kFloat;  // what codes become

  static absl::StatusOr<Matrix> Load(const WeightScope& scope, int64_t in, int64_t out);
  // One above the other: [sum of out, in].
  static Matrix Rows(const std::vector<Matrix>& parts);
  // In a new first dimension: [n, out, in].
  static Matrix Stack(const std::vector<Matrix>& parts);

  bool is_coded() const { return codes.defined(); }
  // Codes that the CPU's own kernels take.
  bool has_kernel() const { return is_coded() && codes.is_cpu() && decoded_type == at::kFloat; }
  int64_t size(int64_t dimension) const { return (is_coded() ? codes : values).size(dimension); }
  Matrix operator[](int64_t index) const;                   // one of several
  // [picked] int64 -> [picked, ...]: rows, or whole matrices of several, decoded
  at::Tensor Pick(const at::Tensor& rows) const;
  at::Tensor Values() const;                                // decoded; no copy where there are values
  at::Tensor operator()(const at::Tensor& x) const;         // x * this^T: [rows, out]
  CpuMatrix plain() const;  // its memory, float32 on the CPU; several are one above the other
};

}  // namespace quire::worker
