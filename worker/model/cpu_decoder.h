#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "worker/model/cpu_kernels.h"
#include "worker/model/step_clock.h"
#include "worker/model/team.h"

namespace quire::worker {

// A decoder's weights as plain memory that somebody else owns: float32, matrices also as 8-bit codes.
// Names and shapes as in decoder.h and moe.h.
struct CpuDecoderLayer {
  const float* input_layernorm = nullptr;
  CpuMatrix qkv_proj;  // [3 * hidden, hidden]
  CpuMatrix o_proj;    // [hidden, hidden]
  const float* post_attention_layernorm = nullptr;
  CpuMatrix gate_up_proj;  // of the dense part: a dense layer's, or the shared experts'
  CpuMatrix down_proj;
  int64_t width = 0;
  CpuMatrix gate;  // [experts, hidden] router, float32; none in a dense layer
  CpuMatrix expert_gate_up_proj;  // [experts, 2 * expert_width, hidden]
  CpuMatrix expert_down_proj;     // [experts, hidden, expert_width]
  int64_t expert_width = 0;
};

struct CpuDecoderWeights {
  int64_t hidden = 0, heads = 0, vocab = 0, experts = 0, top_k = 0;
  double eps = 0;
  bool norm_topk_prob = false;
  double routed_scaling_factor = 1;
  std::vector<CpuDecoderLayer> layers;
  const float* norm = nullptr;
  CpuMatrix lm_head;               // [vocab, hidden]
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
  void* keys = nullptr;
  void* values = nullptr;
  CacheCell cell = CacheCell::kF32;
};

// Decoder steps of one row a sequence, in float32 on the CPU. One operator of libtorch costs more than
// most of these stages compute, so a step runs in one go on a team of threads. One caller at a time.
class CpuDecoder {
 public:
  CpuDecoder(CpuDecoderWeights weights, int64_t block_tokens, int threads);

  //   hidden  [rows, hidden]; overwritten
  //   logits  [rows, vocab]
  //   clock   is told the step's parts, by the caller's thread; may be null
  void Step(float* hidden, std::span<const CpuRow> rows, std::span<const CpuCacheLayer> cache,
            float* logits, StepClock* clock = nullptr);

 private:
  struct Choice {  // an expert that a row takes, as its place-th
    int64_t row = 0, place = 0, expert = 0;
    float probability = 0;
  };
  struct Scratch {  // of one thread
    std::vector<float> normed;  // [rows, hidden]
    std::vector<float> scores;  // attention, or experts
    std::vector<CpuProduct> products;
    std::vector<Choice> choices;  // by expert
  };
  struct Range {
    int64_t begin = 0, end = 0;
  };

  Range Share(int64_t count, int rank) const;
  void Norm(const float* x, const float* weight, std::vector<float>& out) const;
  void Attention(const CpuDecoderLayer& layer, const CpuCacheLayer& cache,
                 std::span<const CpuRow> rows, float* hidden, int rank);
  void FeedForward(const CpuDecoderLayer& layer, float* hidden, int rank);
  // Of one row: top_k choices, appended.
  void ChooseExperts(const CpuDecoderLayer& layer, int64_t row, Scratch& scratch) const;
  template <typename Do>
  void ForEachExpert(Scratch& scratch, const Do& do_one) const;
  // `x` and `y` of every row, so many floats apart.
  std::span<const CpuProduct> Rows(Scratch& scratch, const float* x, int64_t x_stride, float* y,
                                   int64_t y_stride) const;

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
