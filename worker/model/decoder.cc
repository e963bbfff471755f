#include "worker/model/decoder.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "proto/check.h"
#include "proto/status.h"

namespace quire::worker {
namespace {

int64_t BlocksFor(int64_t tokens) {
  return (tokens + KvCache::kBlockTokens - 1) / KvCache::kBlockTokens;
}

at::Tensor Index(const std::vector<int64_t>& values, const at::Tensor& like) {
  return at::tensor(values, at::kLong).to(like.device());
}

// Stored keys or values of sequences whose blocks these are.
//   blocks   [sequences, blocks]
//   returns  [sequences, heads, blocks * kBlockTokens, head_dim] of `type`
at::Tensor Gather(const at::Tensor& cached, const at::Tensor& blocks, at::ScalarType type) {
  const int64_t sequences = blocks.size(0), count = blocks.size(1);
  return cached.index_select(0, blocks.reshape({-1}))
      .to(type)
      .view({sequences, count, cached.size(1), cached.size(2), cached.size(3)})
      .transpose(1, 2)
      .reshape({sequences, cached.size(1), count * cached.size(2), cached.size(3)});
}

// One new row of each sequence against all that came before and itself.
//   q  [sequences, heads, head_dim]
at::Tensor AttendSingleRows(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values,
                            const at::Tensor& tokens) {
  const at::Tensor position = at::arange(keys.size(2), tokens.options());
  const at::Tensor mask = (position < tokens.unsqueeze(1)).view({-1, 1, 1, keys.size(2)});
  return at::scaled_dot_product_attention(q.unsqueeze(2), keys, values, mask).squeeze(2);
}

// Several new rows of one sequence against all that came before and themselves.
at::Tensor AttendRows(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values) {
  const int64_t rows = q.size(0), tokens = keys.size(1);
  const at::Tensor query = q.transpose(0, 1).unsqueeze(0);           // [1, heads, rows, head_dim]
  std::optional<at::Tensor> mask;
  if (rows > 1 && rows < tokens) {
    // libtorch's own causal mask is aligned at the top left: wrong for a later chunk.
    mask = at::ones({rows, tokens}, q.options().dtype(at::kBool)).tril(tokens - rows);
  }
  return at::scaled_dot_product_attention(query, keys.unsqueeze(0), values.unsqueeze(0), mask, 0.0,
                                          /*is_causal=*/rows > 1 && rows == tokens)
      .squeeze(0)
      .transpose(0, 1);                                              // [rows, heads, head_dim]
}

// What the CPU's own decoder takes; nothing for other types.
std::optional<CacheCell> CellOf(const KvCache& cache) {
  const at::ScalarType type = cache.keys(0).scalar_type();
  if (type == at::kFloat) return CacheCell::kF32;
  if (type == at::kHalf) return CacheCell::kF16;
  return std::nullopt;
}

const float* Data(const at::Tensor& tensor) {
  QUIRE_CHECK(tensor.is_contiguous());
  return tensor.const_data_ptr<float>();
}

}  // namespace

at::Tensor Rotary::operator()(const at::Tensor& x) const {
  const std::vector<at::Tensor> halves = x.chunk(2, -1);
  return x * cos + at::cat({-halves[1], halves[0]}, -1) * sin;
}

absl::StatusOr<DecoderAttention> DecoderAttention::Load(const WeightScope& scope,
                                                        const DecoderConfig& config) {
  const int64_t dim = config.hidden_size;
  DecoderAttention attention{.heads = config.num_attention_heads};
  std::vector<Matrix> parts;
  for (const char* name : {"q_proj", "k_proj", "v_proj"}) {
    QUIRE_ASSIGN_OR_RETURN(parts.emplace_back(), Matrix::Load(scope / name, dim, dim));
  }
  attention.qkv_proj = Matrix::Rows(parts);
  QUIRE_ASSIGN_OR_RETURN(attention.o_proj, Matrix::Load(scope / "o_proj", dim, dim));
  return attention;
}

at::Tensor DecoderAttention::operator()(const at::Tensor& x, const StepRows& step, int64_t layer,
                                        std::span<const StepSequence> sequences,
                                        KvCache& cache) const {
  const int64_t rows = x.size(0), dim = x.size(1);
  const at::Tensor parts = qkv_proj(x).view({rows, 3, heads, dim / heads});
  const at::Tensor q = step.rotary(parts.select(1, 0)).contiguous();  // [rows, heads, head_dim]
  const at::Tensor k = step.rotary(parts.select(1, 1)), v = parts.select(1, 2);
  at::Tensor keys = cache.keys(layer), values = cache.values(layer);
  keys.index_put_({step.block, at::indexing::Slice(), step.offset}, k.to(keys.scalar_type()));
  values.index_put_({step.block, at::indexing::Slice(), step.offset}, v.to(keys.scalar_type()));
  const auto gather = [&](const at::Tensor& cached, const at::Tensor& blocks) {
    return Gather(cached, blocks, q.scalar_type());
  };

  if (sequences.size() > 1 && rows == static_cast<int64_t>(sequences.size())) {
    return o_proj(AttendSingleRows(q, gather(keys, step.blocks), gather(values, step.blocks),
                                   step.tokens)
                      .reshape({rows, dim}));
  }
  at::Tensor out = at::empty_like(q);
  int64_t row = 0;
  for (size_t i = 0; i < sequences.size(); ++i) {
    const int64_t mine = sequences[i].rows, tokens = cache.length(sequences[i].sequence) + mine;
    const at::Tensor blocks =
        step.blocks.narrow(0, static_cast<int64_t>(i), 1).narrow(1, 0, BlocksFor(tokens));
    out.narrow(0, row, mine)
        .copy_(AttendRows(q.narrow(0, row, mine), gather(keys, blocks)[0].narrow(1, 0, tokens),
                          gather(values, blocks)[0].narrow(1, 0, tokens)));
    row += mine;
  }
  return o_proj(out.view({rows, dim}));
}

absl::StatusOr<DecoderLayer> DecoderLayer::Load(const WeightScope& scope,
                                                const DecoderConfig& config, int64_t index) {
  const int64_t hidden = config.hidden_size;
  DecoderLayer layer;
  QUIRE_ASSIGN_OR_RETURN(layer.input_layernorm,
                         RmsNorm::Load(scope / "input_layernorm", hidden, config.rms_norm_eps));
  QUIRE_ASSIGN_OR_RETURN(layer.self_attn, DecoderAttention::Load(scope / "self_attn", config));
  QUIRE_ASSIGN_OR_RETURN(
      layer.post_attention_layernorm,
      RmsNorm::Load(scope / "post_attention_layernorm", hidden, config.rms_norm_eps));
  if (index < config.first_k_dense_replace) {
    QUIRE_ASSIGN_OR_RETURN(layer.dense,
                           SwiGlu::Load(scope / "mlp", hidden, config.intermediate_size));
  } else {
    QUIRE_ASSIGN_OR_RETURN(layer.moe, Moe::Load(scope / "mlp", config));
  }
  return layer;
}

at::Tensor DecoderLayer::operator()(const at::Tensor& x, const StepRows& step, int64_t index,
                                    std::span<const StepSequence> sequences, KvCache& cache) const {
  BeginPart(step.clock, StepPart::kAttention);
  const at::Tensor y = x + self_attn(input_layernorm(x), step, index, sequences, cache);
  BeginPart(step.clock, StepPart::kExperts);
  const at::Tensor z = post_attention_layernorm(y);
  return y + (moe ? (*moe)(z) : (*dense)(z));
}

absl::StatusOr<Decoder> Decoder::Load(Weights& weights, const DecoderConfig& config) {
  Decoder decoder;
  const WeightScope root(weights), model = root / "model";
  const int64_t hidden = config.hidden_size;
  QUIRE_ASSIGN_OR_RETURN(decoder.embed_tokens,
                         Matrix::Load(model / "embed_tokens", hidden, config.vocab_size));
  if (config.tie_word_embeddings) {
    decoder.lm_head = decoder.embed_tokens;
  } else {
    QUIRE_ASSIGN_OR_RETURN(decoder.lm_head,
                           Matrix::Load(root / "lm_head", hidden, config.vocab_size));
  }
  for (int64_t i = 0; i < config.num_hidden_layers; ++i) {
    QUIRE_ASSIGN_OR_RETURN(decoder.layers_.emplace_back(),
                           DecoderLayer::Load(model / "layers" / i, config, i));
  }
  QUIRE_ASSIGN_OR_RETURN(decoder.norm, RmsNorm::Load(model / "norm", hidden, config.rms_norm_eps));
  const int64_t head_dim = hidden / config.num_attention_heads;
  const at::Tensor inverse = at::pow(
      config.rope_theta, -at::arange(0, head_dim, 2, at::kFloat) / static_cast<double>(head_dim));
  const at::Tensor half =
      at::arange(config.max_position_embeddings, at::kFloat).unsqueeze(1) * inverse;
  const at::Tensor angles = at::cat({half, half}, -1);               // [positions, head_dim]
  const at::TensorOptions options = weights.placement();
  decoder.cos_ = angles.cos().to(options);
  decoder.sin_ = angles.sin().to(options);
  if (options.device().is_cpu() && options.dtype() == at::kFloat) decoder.PrepareSingleRows(config);
  return decoder;
}

void Decoder::PrepareSingleRows(const DecoderConfig& config) {
  CpuDecoderWeights weights{.hidden = config.hidden_size,
                            .heads = config.num_attention_heads,
                            .vocab = config.vocab_size,
                            .experts = config.n_routed_experts,
                            .top_k = config.num_experts_per_tok,
                            .eps = config.rms_norm_eps,
                            .norm_topk_prob = config.norm_topk_prob,
                            .routed_scaling_factor = config.routed_scaling_factor,
                            .norm = Data(norm.weight),
                            .lm_head = lm_head.plain(),
                            .cos = Data(cos_),
                            .sin = Data(sin_)};
  for (const DecoderLayer& layer : layers_) {
    const SwiGlu& dense = layer.moe ? layer.moe->shared_experts : *layer.dense;
    CpuDecoderLayer plain{.input_layernorm = Data(layer.input_layernorm.weight),
                          .qkv_proj = layer.self_attn.qkv_proj.plain(),
                          .o_proj = layer.self_attn.o_proj.plain(),
                          .post_attention_layernorm = Data(layer.post_attention_layernorm.weight),
                          .gate_up_proj = dense.gate_up_proj.plain(),
                          .down_proj = dense.down_proj.plain(),
                          .width = dense.down_proj.size(1)};
    if (layer.moe) {
      plain.gate = {.values = Data(layer.moe->gate), .in = config.hidden_size};
      plain.expert_gate_up_proj = layer.moe->gate_up_proj.plain();
      plain.expert_down_proj = layer.moe->down_proj.plain();
      plain.expert_width = layer.moe->down_proj.size(2);
    }
    weights.layers.push_back(plain);
  }
  single_rows_ =
      std::make_unique<CpuDecoder>(std::move(weights), KvCache::kBlockTokens, at::get_num_threads());
}

at::Tensor Decoder::StepSingleRows(const at::Tensor& hidden,
                                   std::span<const StepSequence> sequences, KvCache& cache,
                                   StepClock* clock) const {
  std::vector<CpuRow> rows;
  for (const StepSequence& step : sequences) {
    rows.push_back({cache.blocks(step.sequence).data(), cache.length(step.sequence)});
  }
  std::vector<CpuCacheLayer> cached;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const at::Tensor keys = cache.keys(i), values = cache.values(i);
    cached.push_back({keys.data_ptr(), values.data_ptr(), *CellOf(cache)});
  }
  at::Tensor x = hidden.contiguous().clone();
  at::Tensor logits = at::empty({x.size(0), lm_head.size(0)}, x.options());
  single_rows_->Step(x.data_ptr<float>(), rows, cached, logits.data_ptr<float>(), clock);
  BeginPart(clock, StepPart::kOther);
  for (const StepSequence& step : sequences) cache.Advance(step.sequence, 1);
  return logits;
}

at::Tensor Decoder::Embed(const at::Tensor& ids) const { return embed_tokens.Pick(ids); }

StepRows Decoder::RowsOf(std::span<const StepSequence> sequences, const KvCache& cache) const {
  std::vector<int64_t> positions, block, offset, tokens, blocks;
  int64_t most = 0;
  for (const StepSequence& step : sequences) {
    const std::vector<int32_t>& mine = cache.blocks(step.sequence);
    const int64_t before = cache.length(step.sequence);
    for (int64_t position = before; position < before + step.rows; ++position) {
      positions.push_back(position);
      block.push_back(mine[position / KvCache::kBlockTokens]);
      offset.push_back(position % KvCache::kBlockTokens);
    }
    tokens.push_back(before + step.rows);
    most = std::max(most, BlocksFor(tokens.back()));
  }
  for (size_t i = 0; i < sequences.size(); ++i) {
    const std::vector<int32_t>& mine = cache.blocks(sequences[i].sequence);
    for (int64_t at = 0; at < most; ++at) {
      blocks.push_back(at < BlocksFor(tokens[i]) ? mine[at] : 0);
    }
  }
  // One transfer: a GPU waits for each.
  std::vector<int64_t> all;
  std::vector<int64_t> sizes;
  for (const std::vector<int64_t>* part : {&positions, &block, &offset, &tokens, &blocks}) {
    all.insert(all.end(), part->begin(), part->end());
    sizes.push_back(static_cast<int64_t>(part->size()));
  }
  const std::vector<at::Tensor> parts = Index(all, cos_).split_with_sizes(sizes);
  return {.rotary = {cos_.index_select(0, parts[0]).unsqueeze(1),
                     sin_.index_select(0, parts[0]).unsqueeze(1)},
          .block = parts[1],
          .offset = parts[2],
          .blocks = parts[4].view({static_cast<int64_t>(sequences.size()), most}),
          .tokens = parts[3]};
}

at::Tensor Decoder::Step(const at::Tensor& hidden, std::span<const StepSequence> sequences,
                         KvCache& cache, StepClock* clock) const {
  const bool single_rows =
      single_rows_ != nullptr && CellOf(cache) && std::all_of(sequences.begin(), sequences.end(),
                                             [](const StepSequence& step) {
                                               return step.rows == 1 && step.want_logits;
                                             });
  if (single_rows) return StepSingleRows(hidden, sequences, cache, clock);
  StepRows rows = RowsOf(sequences, cache);
  rows.clock = clock;
  at::Tensor x = hidden;                                             // [rows, hidden]
  for (size_t i = 0; i < layers_.size(); ++i) {
    x = layers_[i](x, rows, static_cast<int64_t>(i), sequences, cache);
  }
  BeginPart(clock, StepPart::kHead);
  std::vector<int64_t> wanted;
  int64_t row = 0;
  for (const StepSequence& step : sequences) {
    row += step.rows;
    if (step.want_logits) wanted.push_back(row - 1);
    cache.Advance(step.sequence, step.rows);
  }
  if (wanted.empty()) return at::empty({0, lm_head.size(0)}, x.options().dtype(at::kFloat));
  if (static_cast<int64_t>(wanted.size()) < x.size(0)) x = x.index_select(0, Index(wanted, x));
  return lm_head(norm(x)).to(at::kFloat);                // [wanted, vocab]
}

}  // namespace quire::worker
