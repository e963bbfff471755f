#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "worker/model/cpu_decoder.h"
#include "worker/model/kv_cache.h"
#include "worker/model/layers.h"
#include "worker/model/moe.h"
#include "worker/model/ocr_model.h"

namespace quire::worker {

// Cosines and sines of the rotary positions of a step's rows, in the activation's type.
struct Rotary {
  at::Tensor cos, sin;  // [rows, 1, head_dim]
  // Turns each query or key [rows, heads, head_dim] by its position, first half with second half.
  at::Tensor operator()(const at::Tensor& x) const;
};

// A step's rows, put on the device once for all layers.
struct StepRows {
  Rotary rotary;
  at::Tensor block, offset;  // [rows] int64, where their keys and values go in the cache
  at::Tensor blocks;         // [sequences, most blocks] int64 in the cache; shorter ones end in 0
  at::Tensor tokens;         // [sequences] int64, this step's included
  StepClock* clock = nullptr;  // is told the step's parts
};

struct DecoderAttention {
  Matrix qkv_proj;  // [3 * dim, dim]: q, k, v
  Matrix o_proj;
  int64_t heads = 0;
  static absl::StatusOr<DecoderAttention> Load(const WeightScope& scope, const DecoderConfig& config);
  at::Tensor operator()(const at::Tensor& x, const StepRows& step, int64_t layer,
                        std::span<const StepSequence> sequences, KvCache& cache) const;
};

struct DecoderLayer {
  RmsNorm input_layernorm, post_attention_layernorm;
  DecoderAttention self_attn;
  std::optional<SwiGlu> dense;  // exactly one of the two
  std::optional<Moe> moe;
  static absl::StatusOr<DecoderLayer> Load(const WeightScope& scope, const DecoderConfig& config,
                                           int64_t index);
  // [rows, hidden] -> [rows, hidden]; writes keys and values of layer `index` into the cache.
  at::Tensor operator()(const at::Tensor& x, const StepRows& step, int64_t index,
                        std::span<const StepSequence> sequences, KvCache& cache) const;
};

// Embedding, pre-norm layers with a dense first one and mixtures of experts after it, norm, head.
// Source: modeling_deepseekv2.py (use_mla false), LlamaAttention of transformers.
class Decoder {
 public:
  static absl::StatusOr<Decoder> Load(Weights& weights, const DecoderConfig& config);
  at::Tensor Embed(const at::Tensor& ids) const;  // [rows] int64 -> [rows, hidden]
  // See OcrModel::Step.
  at::Tensor Step(const at::Tensor& hidden, std::span<const StepSequence> sequences,
                  KvCache& cache, StepClock* clock = nullptr) const;
  // The parts of a step of several rows, for who looks at what a layer gives.
  StepRows RowsOf(std::span<const StepSequence> sequences, const KvCache& cache) const;
  const std::vector<DecoderLayer>& layers() const { return layers_; }
  const at::TensorOptions options() const { return cos_.options(); }

 private:
  void PrepareSingleRows(const DecoderConfig& config);
  at::Tensor StepSingleRows(const at::Tensor& hidden, std::span<const StepSequence> sequences,
                            KvCache& cache, StepClock* clock) const;
  Matrix embed_tokens, lm_head;
  at::Tensor cos_, sin_;  // [positions, head_dim]
  std::vector<DecoderLayer> layers_;
  RmsNorm norm;
  std::unique_ptr<CpuDecoder> single_rows_;  // float32 on the CPU alone; uses the memory of the above
};

}  // namespace quire::worker
