#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <optional>
#include <vector>

#include "worker/model/config.h"
#include "worker/model/decoder.h"
#include "worker/model/layers.h"
#include "worker/model/moe.h"

namespace quire::worker {

// Attention of a Qwen2 layer: several query heads share a head of keys and values.
struct QueryAttention {
  Linear q_proj, k_proj, v_proj, o_proj;
  int64_t heads = 0, kv_heads = 0;
  static absl::StatusOr<QueryAttention> Load(const WeightScope& scope,
                                             const QueryEncoderConfig& config);
  //   x     [views, rows, dim]
  //   mask  [rows, rows] bool: which row sees which
  at::Tensor operator()(const at::Tensor& x, const Rotary& rotary, const at::Tensor& mask) const;
};

struct QueryLayer {
  RmsNorm input_layernorm, post_attention_layernorm;
  QueryAttention self_attn;
  SwiGlu mlp;
};

// DeepEncoder V2: SAM's patches and as many learnt queries go through Qwen2 layers together; the
// queries come out. Patches see all patches and no query; a query sees all patches and the queries up
// to itself. Source: deepencoderv2/qwen2_d2e.py.
struct QueryEncoder {
  at::Tensor query_768, query_1024;  // [queries, dim]
  std::vector<QueryLayer> layers;
  RmsNorm norm;
  QueryEncoderConfig config;
  // The tables may have any number of rows: config.json does not say how many.
  static absl::StatusOr<QueryEncoder> Load(const WeightScope& scope,
                                           const QueryEncoderConfig& config);
  // Whether a table has this many queries.
  bool Serves(int64_t patches) const;
  // [views, patches, dim] -> [views, patches, dim]; nothing once `stop` is set. Serves(patches).
  std::optional<at::Tensor> operator()(const at::Tensor& patches,
                                       const std::atomic<bool>& stop) const;
};

}  // namespace quire::worker
