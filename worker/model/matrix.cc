#include "worker/model/matrix.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "proto/check.h"
#include "proto/status.h"
#include "worker/model/parallel.h"

namespace quire::worker {
namespace {

using Join = at::Tensor (*)(at::TensorList);

// Codes only where every part has them in groups of one size.
Matrix Joined(const std::vector<Matrix>& parts, Join join) {
  const bool coded = std::all_of(parts.begin(), parts.end(), [&](const Matrix& part) {
    return part.is_coded() && part.scales.size(-1) == parts[0].scales.size(-1);
  });
  std::vector<at::Tensor> values, codes, scales, biases;
  for (const Matrix& part : parts) {
    if (!coded) {
      values.push_back(part.Values());
      continue;
    }
    codes.push_back(part.codes);
    scales.push_back(part.scales);
    biases.push_back(part.biases);
  }
  if (!coded) return {.values = join(values)};
  return {.codes = join(codes),
          .scales = join(scales),
          .biases = join(biases),
          .decoded_type = parts[0].decoded_type};
}

at::Tensor OnTop(at::TensorList parts) { return at::cat(parts, 0); }
at::Tensor InNewDimension(at::TensorList parts) { return at::stack(parts, 0); }

template <typename T>
const T* Data(const at::Tensor& tensor) {
  QUIRE_CHECK(tensor.is_contiguous());
  return tensor.const_data_ptr<T>();
}

}  // namespace

absl::StatusOr<Matrix> Matrix::Load(const WeightScope& scope, int64_t in, int64_t out) {
  Matrix matrix;
  QUIRE_ASSIGN_OR_RETURN(const std::optional<CodedTensor> coded,
                         scope.TakeCodes("weight", {out, in}));
  if (coded) {
    return Matrix{.codes = coded->codes,
                  .scales = coded->scales,
                  .biases = coded->biases,
                  .decoded_type = scope.type()};
  }
  QUIRE_ASSIGN_OR_RETURN(matrix.values, scope.Take("weight", {out, in}));
  return matrix;
}

Matrix Matrix::Rows(const std::vector<Matrix>& parts) { return Joined(parts, OnTop); }
Matrix Matrix::Stack(const std::vector<Matrix>& parts) { return Joined(parts, InNewDimension); }

Matrix Matrix::operator[](int64_t index) const {
  if (!is_coded()) return {.values = values[index]};
  return {.codes = codes[index],
          .scales = scales[index],
          .biases = biases[index],
          .decoded_type = decoded_type};
}

at::Tensor Matrix::Pick(const at::Tensor& rows) const {
  if (!is_coded()) return values.index_select(0, rows);
  if (has_kernel() && codes.dim() == 2) {  // a token's embedding: once a step
    const CpuMatrix coded = plain();
    at::Tensor picked = at::empty({rows.size(0), coded.in}, scales.options());
    for (int64_t i = 0; i < rows.size(0); ++i) {
      const int64_t row = rows.const_data_ptr<int64_t>()[i];
      QUIRE_CHECK(row >= 0 && row < codes.size(0));
      Decode(coded, row, row + 1, picked.data_ptr<float>() + i * coded.in);
    }
    return picked;
  }
  return Matrix{.codes = codes.index_select(0, rows),
                .scales = scales.index_select(0, rows),
                .biases = biases.index_select(0, rows),
                .decoded_type = decoded_type}
      .Values();
}

at::Tensor Matrix::Values() const {
  if (!is_coded()) return values;
  at::Tensor decoded = at::empty(codes.sizes(), codes.options().dtype(decoded_type));
  if (!has_kernel()) {
    // One pass over the device's memory: converted, scaled, moved and rounded on the way.
    const std::vector<int64_t> groups = {scales.size(-1), codes.size(-1) / scales.size(-1)};
    at::Tensor grouped = decoded.unflatten(-1, groups);
    at::addcmul_out(grouped, biases.unsqueeze(-1), codes.unflatten(-1, groups),
                    scales.unsqueeze(-1));
    return decoded;
  }
  const CpuMatrix coded = plain();
  float* out = decoded.data_ptr<float>();
  constexpr int64_t kRowsAtOnce = 16;
  at::parallel_for(0, codes.numel() / coded.in, kRowsAtOnce, [&](int64_t begin, int64_t end) {
    Decode(coded, begin, end, out + begin * coded.in);
  });
  return decoded;
}

at::Tensor Matrix::operator()(const at::Tensor& x) const { return at::linear(x, Values()); }

CpuMatrix Matrix::plain() const {
  if (!is_coded()) return {.values = Data<float>(values), .in = values.size(-1)};
  return {.codes = Data<uint8_t>(codes),
          .scales = Data<float>(scales),
          .biases = Data<float>(biases),
          .in = codes.size(-1),
          .group = codes.size(-1) / scales.size(-1)};
}

}  // namespace quire::worker
