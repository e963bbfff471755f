#include "worker/model/query_encoder.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "proto/check.h"
#include "proto/status.h"

namespace quire::worker {
namespace {

// [2 * patches, 2 * patches]: which row sees which column; patches in front, queries behind.
at::Tensor MaskFor(int64_t patches, const at::TensorOptions& options) {
  at::Tensor mask = at::ones({2 * patches, 2 * patches}, options.dtype(at::kBool)).tril();
  mask.narrow(1, 0, patches).fill_(true);  // every row sees all patches
  return mask;
}

Rotary RotaryFor(int64_t rows, int64_t head_dim, double theta, const at::TensorOptions& options) {
  const at::Tensor inverse =
      at::pow(theta, -at::arange(0, head_dim, 2, at::kFloat) / static_cast<double>(head_dim));
  const at::Tensor half = at::arange(rows, at::kFloat).unsqueeze(1) * inverse;
  const at::Tensor angles = at::cat({half, half}, -1).unsqueeze(1);  // [rows, 1, head_dim]
  return {angles.cos().to(options), angles.sin().to(options)};
}

absl::StatusOr<at::Tensor> TakeQueries(const WeightScope& scope, int64_t dim) {
  const std::vector<int64_t> stored = scope.ShapeOf("weight");
  return scope.Take("weight", {stored.empty() ? 0 : stored[0], dim});
}

}  // namespace

absl::StatusOr<QueryAttention> QueryAttention::Load(const WeightScope& scope,
                                                    const QueryEncoderConfig& config) {
  const int64_t dim = config.dim, kv_dim = dim / config.heads * config.kv_heads;
  QueryAttention attention{.heads = config.heads, .kv_heads = config.kv_heads};
  QUIRE_ASSIGN_OR_RETURN(attention.q_proj, Linear::Load(scope / "q_proj", dim, dim));
  QUIRE_ASSIGN_OR_RETURN(attention.k_proj, Linear::Load(scope / "k_proj", dim, kv_dim));
  QUIRE_ASSIGN_OR_RETURN(attention.v_proj, Linear::Load(scope / "v_proj", dim, kv_dim));
  QUIRE_ASSIGN_OR_RETURN(attention.o_proj,
                         Linear::Load(scope / "o_proj", dim, dim, /*has_bias=*/false));
  return attention;
}

at::Tensor QueryAttention::operator()(const at::Tensor& x, const Rotary& rotary,
                                      const at::Tensor& mask) const {
  const int64_t views = x.size(0), rows = x.size(1), dim = x.size(2), head_dim = dim / heads;
  const auto split = [&](const at::Tensor& t, int64_t count) {
    return t.view({views, rows, count, head_dim});                   // [views, rows, heads, head_dim]
  };
  const at::Tensor q = rotary(split(q_proj(x), heads)).transpose(1, 2);
  // Query head h reads the keys and values of head h / (heads / kv_heads).
  const int64_t share = heads / kv_heads;
  const at::Tensor k = rotary(split(k_proj(x), kv_heads)).transpose(1, 2).repeat_interleave(share, 1);
  const at::Tensor v = split(v_proj(x), kv_heads).transpose(1, 2).repeat_interleave(share, 1);
  return o_proj(at::scaled_dot_product_attention(q, k, v, mask)
                    .transpose(1, 2)
                    .reshape({views, rows, dim}));                   // [views, rows, dim]
}

absl::StatusOr<QueryEncoder> QueryEncoder::Load(const WeightScope& scope,
                                                const QueryEncoderConfig& config) {
  QueryEncoder encoder{.config = config};
  const WeightScope body = scope / "model" / "model";
  QUIRE_ASSIGN_OR_RETURN(encoder.query_768, TakeQueries(scope / "query_768", config.dim));
  QUIRE_ASSIGN_OR_RETURN(encoder.query_1024, TakeQueries(scope / "query_1024", config.dim));
  for (int64_t i = 0; i < config.layers; ++i) {
    const WeightScope here = body / "layers" / i;
    QueryLayer layer;
    QUIRE_ASSIGN_OR_RETURN(layer.input_layernorm, RmsNorm::Load(here / "input_layernorm", config.dim,
                                                                config.rms_norm_eps));
    QUIRE_ASSIGN_OR_RETURN(layer.self_attn, QueryAttention::Load(here / "self_attn", config));
    QUIRE_ASSIGN_OR_RETURN(
        layer.post_attention_layernorm,
        RmsNorm::Load(here / "post_attention_layernorm", config.dim, config.rms_norm_eps));
    QUIRE_ASSIGN_OR_RETURN(layer.mlp,
                           SwiGlu::Load(here / "mlp", config.dim, config.intermediate_size));
    encoder.layers.push_back(std::move(layer));
  }
  QUIRE_ASSIGN_OR_RETURN(encoder.norm,
                         RmsNorm::Load(body / "norm", config.dim, config.rms_norm_eps));
  return encoder;
}

bool QueryEncoder::Serves(int64_t patches) const {
  return patches == query_768.size(0) || patches == query_1024.size(0);
}

std::optional<at::Tensor> QueryEncoder::operator()(const at::Tensor& patches,
                                                   const std::atomic<bool>& stop) const {
  const int64_t views = patches.size(0), count = patches.size(1), dim = patches.size(2);
  QUIRE_CHECK(Serves(count));
  const at::Tensor& queries = count == query_768.size(0) ? query_768 : query_1024;
  const at::Tensor mask = MaskFor(count, patches.options());
  const Rotary rotary =
      RotaryFor(2 * count, dim / config.heads, config.rope_theta, patches.options());
  at::Tensor x = at::cat({patches, queries.expand({views, count, dim})}, 1);  // [views, 2 * patches, dim]
  for (const QueryLayer& layer : layers) {
    if (stop.load(std::memory_order_relaxed)) return std::nullopt;
    x = x + layer.self_attn(layer.input_layernorm(x), rotary, mask);
    x = x + layer.mlp(layer.post_attention_layernorm(x));
  }
  return norm(x).narrow(1, count, count);                            // [views, patches, dim]
}

}  // namespace quire::worker
