#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "worker/model/team.h"

namespace quire::worker {

// A decoder's weights as plain float32 memory that somebody else owns. Names and shapes as in
// decoder.h and moe.h.
struct CpuDecoderLayer {
  const float* input_layernorm = nullptr;
  const float* qkv_proj = nullptr;  // [3 * hidden, hidden]
  const float* o_proj = nullptr;    // [hidden, hidden]
  const float* post_attention_layernorm = nullptr;
  const float* gate_up_proj = nullptr;  // of the dense part: a dense layer's, or the shared experts'
  const float* down_proj = nullptr;
  int64_t width = 0;
  const float* gate = nullptr;  // [experts, hidden] router; null in a dense layer
  const float* expert_gate_up_proj = nullptr;  // [experts, 2 * expert_width, hidden]
  const float* expert_down_proj = nullptr;     // [experts, hidden, expert_width]
  int64_t expert_width = 0;
};

struct CpuDecoderWeights {
  int64_t hidden = 0, heads = 0, vocab = 0, experts = 0, top_k = 0;
  double eps = 0;
  bool norm_topk_prob = false;
  double routed_scaling_factor = 1;
  std::vector<CpuDecoderLayer> layers;
  const float* norm = nullptr;
  const float* lm_head = nullptr;  // [vocab, hidden]
  const float* cos = nullptr;      // [positions, head_dim]
  const float* sin = nullptr;
};

// The new row of one sequence.
struct CpuRow {
  const int32_t* blocks = nullptr;  // of its KV cache, in order
  int64_t length = 0;               // tokens that are in it already
};

// Keys and values of a layer: [blocks, heads, block_tokens, head_dim].
struct CpuCacheLayer {
  float* keys = nullptr;
  float* values = nullptr;
};

// Decoder steps of one row a sequence, in float32 on the CPU. One operator of libtorch costs more than
// most of these stages compute, so a step runs in one go on a team of threads. One caller at a time.
class CpuDecoder {
 public:
  CpuDecoder(CpuDecoderWeights weights, int64_t block_tokens, int threads);

  //   hidden  [rows, hidden]; overwritten
  //   logits  [rows, vocab]
  void Step(float* hidden, std::span<const CpuRow> rows, std::span<const CpuCacheLayer> cache,
            float* logits);

 private:
  struct Scratch {  // of one thread
    std::vector<float> normed;  // [rows, hidden]
    std::vector<float> scores;  // attention, or experts
  };
  struct Choice {  // an expert that a row takes
    int64_t expert = 0;
    float probability = 0;
  };
  struct Range {
    int64_t begin = 0, end = 0;
  };

  Range Share(int64_t count, int rank) const;
  void Norm(const float* x, const float* weight, std::vector<float>& out) const;
  void Attention(const CpuDecoderLayer& layer, const CpuCacheLayer& cache,
                 std::span<const CpuRow> rows, float* hidden, int rank);
  void FeedForward(const CpuDecoderLayer& layer, float* hidden, int rank);
  std::vector<Choice> ChooseExperts(const CpuDecoderLayer& layer, const float* x) const;

  const CpuDecoderWeights weights_;
  const int64_t head_dim_, block_tokens_;
  int64_t rows_ = 0;
  std::vector<float> qkv_;    // [rows, 3 * hidden]
  std::vector<float> heads_;  // [rows, hidden]
  std::vector<float> inner_;  // [rows, inner_width_]: dense part, then each chosen expert
  int64_t inner_width_ = 0;
  std::vector<Scratch> scratch_;  // by rank
  Team team_;
};

}  // namespace quire::worker
