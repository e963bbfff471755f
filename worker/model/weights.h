#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/checkpoint/safetensors.h"
#include "proto/checkpoint/weight_files.h"
#include "worker/model/config.h"

namespace quire::worker {

// An 8-bit tensor as it is stored: value = scales * code + biases.
struct CodedTensor {
  at::Tensor codes;           // [out, in] uint8
  at::Tensor scales, biases;  // [out, in / group] float32
};

// A checkpoint's tensors, mapped from safetensors files; each is read when it is asked for and
// counted as taken. One thread.
class Weights {
 public:
  // Opens FOLDER's model.safetensors.index.json, or its only *.safetensors file. InvalidArgument or
  // DataLoss name the file and what is wrong with it: a header that is longer than the file,
  // offsets that overlap or end past it, an unknown type, a missing shard, a tensor given twice.
  static absl::StatusOr<Weights> Open(const std::string& folder,
                                      const QuantizationConfig& quantization);

  // Where and as what tensors are handed out; with `keep_codes` 8-bit ones as they are, where who
  // asks can do with them.
  void Place(const at::TensorOptions& options, bool keep_codes = false) {
    options_ = options;
    keep_codes_ = keep_codes;
  }
  const at::TensorOptions& placement() const { return options_; }

  // The tensor of this name, converted to the placement, or in float32. An 8-bit tensor (one with
  // NAME minus ".weight" plus ".scales") is dequantised: code * scale + bias in f32, scale and bias
  // read as they are stored. InvalidArgument names tensor, found and expected shape.
  absl::StatusOr<at::Tensor> Take(const std::string& name, const std::vector<int64_t>& shape);
  absl::StatusOr<at::Tensor> TakeF32(const std::string& name, const std::vector<int64_t>& shape);
  // The codes of an 8-bit tensor on the placement's device; nothing where they are not kept (or
  // have groups that the CPU's kernels cannot take), or where the tensor is stored as values.
  // Errors as above.
  absl::StatusOr<std::optional<CodedTensor>> TakeCodes(const std::string& name,
                                                       const std::vector<int64_t>& shape);
  bool Has(const std::string& name) const { return entries_.contains(name); }
  std::vector<std::string> Names() const;
  // As it is stored; empty for an unknown name.
  std::vector<int64_t> ShapeOf(const std::string& name) const;

  // The first of what CheckTensors finds wrong: asked before any tensor is taken, it costs no
  // memory.
  absl::Status Check(const Architecture& architecture) const;
  // InvalidArgument names a tensor that nobody took, but for a few that official checkpoints carry
  // without use.
  absl::Status CheckAllTaken() const;
  // Memory that all tensors take where and as they are handed out.
  int64_t PlacedBytes() const;
  // SHA-256 material: every header as it is in the files, in order of file names.
  std::string headers() const;

 private:
  struct File;
  struct Entry {
    std::shared_ptr<File> file;
    StoredTensor tensor;
  };
  absl::Status AddFile(const std::string& path);
  absl::StatusOr<at::Tensor> TakeAs(const std::string& name, const std::vector<int64_t>& shape,
                                    const at::TensorOptions& options);
  // A tensor in the mapping, which it holds.
  absl::StatusOr<at::Tensor> Read(const std::string& name, const std::vector<int64_t>& shape,
                                  std::string_view dtypes);
  // The name without ".weight" of a tensor that is stored in 8 bits; empty for others.
  std::string CodedStem(const std::string& name) const;
  absl::StatusOr<CodedTensor> ReadCodes(const std::string& stem, const std::vector<int64_t>& shape);

  std::map<std::string, Entry> entries_;
  std::set<std::string> taken_;
  WeightFiles files_;
  std::vector<SafetensorsHeader> headers_;  // of each
  QuantizationConfig quantization_;
  at::TensorOptions options_;
  bool keep_codes_ = false;
};

// A place in the tree of names: WeightScope(weights) / "sam_model" / "blocks" / 3.
class WeightScope {
 public:
  explicit WeightScope(Weights& weights, std::string prefix = "")
      : weights_(&weights), prefix_(std::move(prefix)) {}
  WeightScope operator/(std::string_view name) const;
  WeightScope operator/(int64_t index) const;
  absl::StatusOr<at::Tensor> Take(std::string_view name, const std::vector<int64_t>& shape) const;
  absl::StatusOr<at::Tensor> TakeF32(std::string_view name,
                                     const std::vector<int64_t>& shape) const;
  absl::StatusOr<std::optional<CodedTensor>> TakeCodes(std::string_view name,
                                                       const std::vector<int64_t>& shape) const;
  const std::string& prefix() const { return prefix_; }
  // Of what Take() gives.
  at::ScalarType type() const { return c10::typeMetaToScalarType(weights_->placement().dtype()); }
  std::vector<int64_t> ShapeOf(std::string_view name) const;

 private:
  std::string Name(std::string_view name) const;
  Weights* weights_;
  std::string prefix_;
};

}  // namespace quire::worker
