// One decode step of a DeepSeek-OCR v1 in 8 bits on the CPU, with random weights of the official shape:
//   decoder_bench [THREADS [TOKENS]]
// Prints the bytes that a step reads, its seconds, and the bytes a second beside those that the same
// threads reach when they only read. TOKENS stand in the cache (900).

#include <cstdio>
#include <cstdlib>
#include <algorithm>
#include <chrono>
#include <numeric>
#include <random>
#include <thread>

#include "worker/model/cpu_decoder.h"

namespace quire::worker {
namespace {

constexpr int64_t kHidden = 1280, kHeads = 10, kVocab = 129280, kLayers = 12, kExperts = 64, kTopK = 6;
constexpr int64_t kDenseWidth = 6848, kSharedWidth = 1792, kExpertWidth = 896, kGroup = 64;
constexpr int64_t kHeadDim = kHidden / kHeads, kBlockTokens = 64;

double Seconds(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Owns what the matrices point at.
class Shelf {
 public:
  CpuMatrix Coded(int64_t out, int64_t in) {
    std::vector<uint8_t>& codes = codes_.emplace_back(out * in);
    for (size_t i = 0; i + 4 <= codes.size(); i += 4) {
      const uint32_t four = random_();
      std::copy_n(reinterpret_cast<const uint8_t*>(&four), 4, codes.data() + i);
    }
    // Values of about 0.03, around zero.
    return {.codes = codes.data(),
            .scales = Floats(out * in / kGroup, 0.0004f),
            .biases = Floats(out * in / kGroup, -0.0004f * 127.5f),
            .in = in,
            .group = kGroup};
  }
  float* Floats(int64_t count, float value) { return floats_.emplace_back(count, value).data(); }
  CpuMatrix Plain(int64_t out, int64_t in) {
    float* values = Floats(out * in, 0);
    for (int64_t i = 0; i < out * in; ++i) values[i] = static_cast<float>(random_() % 1000) / 2e4f - 0.025f;
    return {.values = values, .in = in};
  }

 private:
  std::mt19937 random_{1};
  std::vector<std::vector<uint8_t>> codes_;
  std::vector<std::vector<float>> floats_;
};

CpuDecoderWeights Weights(Shelf& shelf, int64_t positions) {
  CpuDecoderWeights weights{.hidden = kHidden, .heads = kHeads, .vocab = kVocab, .experts = kExperts,
                            .top_k = kTopK, .eps = 1e-6};
  for (int64_t i = 0; i < kLayers; ++i) {
    CpuDecoderLayer layer{.input_layernorm = shelf.Floats(kHidden, 1),
                          .qkv_proj = shelf.Coded(3 * kHidden, kHidden),
                          .o_proj = shelf.Coded(kHidden, kHidden),
                          .post_attention_layernorm = shelf.Floats(kHidden, 1),
                          .width = i == 0 ? kDenseWidth : kSharedWidth};
    layer.gate_up_proj = shelf.Coded(2 * layer.width, kHidden);
    layer.down_proj = shelf.Coded(kHidden, layer.width);
    if (i > 0) {
      layer.gate = shelf.Plain(kExperts, kHidden);
      layer.expert_gate_up_proj = shelf.Coded(kExperts * 2 * kExpertWidth, kHidden);
      layer.expert_down_proj = shelf.Coded(kExperts * kHidden, kExpertWidth);
      layer.expert_width = kExpertWidth;
    }
    weights.layers.push_back(layer);
  }
  weights.norm = shelf.Floats(kHidden, 1);
  weights.lm_head = shelf.Coded(kVocab, kHidden);
  weights.cos = shelf.Floats(positions * kHeadDim, 1);
  weights.sin = shelf.Floats(positions * kHeadDim, 0);
  return weights;
}

// What one row reads: codes with their scales and biases, the router, keys and values.
double BytesOfAStep(int64_t tokens) {
  const double coded = 1 + 2.0 * sizeof(float) / kGroup;
  const double attention = 4 * kHidden * kHidden * coded + 2 * tokens * kHidden * sizeof(float);
  const double sparse = 3 * kHidden * (kSharedWidth + kTopK * kExpertWidth) * coded +
                        kExperts * kHidden * sizeof(float);
  return kLayers * attention + 3 * kHidden * kDenseWidth * coded + (kLayers - 1) * sparse +
         kVocab * kHidden * coded;
}

// Bytes a second that `threads` reach when each sums 1 GiB of its own.
double ReadingSpeed(int threads) {
  constexpr int64_t kWords = (1LL << 30) / sizeof(uint64_t);
  std::vector<std::vector<uint64_t>> memory(threads, std::vector<uint64_t>(kWords, 1));
  std::vector<uint64_t> sums(threads);
  std::vector<std::thread> readers;
  double best = 0;
  for (int run = 0; run < 5; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < threads; ++i) {
      readers.emplace_back([&sum = sums[i], &mine = memory[i]] {
        sum += std::accumulate(mine.begin(), mine.end(), uint64_t{0});
      });
    }
    for (std::thread& reader : readers) reader.join();
    readers.clear();
    best = std::max(best, static_cast<double>(threads) * kWords * sizeof(uint64_t) / Seconds(begin));
  }
  if (std::accumulate(sums.begin(), sums.end(), uint64_t{0}) == 0) std::abort();  // keeps the sums
  return best;
}

int Run(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : static_cast<int>(std::thread::hardware_concurrency());
  const int64_t tokens = argc > 2 ? std::atoi(argv[2]) : 900;
  constexpr int kSteps = 20;
  const double reading = ReadingSpeed(threads);
  Shelf shelf;
  const int64_t blocks = (tokens + kSteps) / kBlockTokens + 1;
  std::vector<CpuCacheLayer> cache;
  for (int64_t i = 0; i < kLayers; ++i) {
    cache.push_back({shelf.Floats(blocks * kBlockTokens * kHidden, 0.1f),
                     shelf.Floats(blocks * kBlockTokens * kHidden, 0.1f)});
  }
  std::vector<int32_t> order(blocks);
  std::iota(order.begin(), order.end(), 0);
  CpuDecoder decoder(Weights(shelf, tokens + kSteps + 1), kBlockTokens, threads);
  std::mt19937 random(3);
  std::vector<float> hidden(kHidden), logits(kVocab);
  std::vector<double> seconds;
  for (int step = 0; step < kSteps; ++step) {
    for (float& value : hidden) value = static_cast<float>(random() % 2000) / 1000 - 1;
    const CpuRow row{order.data(), tokens + step};
    const auto begin = std::chrono::steady_clock::now();
    decoder.Step(hidden.data(), {&row, 1}, cache, logits.data());
    seconds.push_back(Seconds(begin));
  }
  std::sort(seconds.begin(), seconds.end());
  const double median = seconds[kSteps / 2], bytes = BytesOfAStep(tokens);
  std::printf("%d threads read %.1f GB/s; a step reads %.0f MB in %.1f ms (median of %d): %.1f GB/s, %.0f %%\n",
              threads, reading / 1e9, bytes / 1e6, median * 1e3, kSteps, bytes / median / 1e9,
              100 * bytes / median / reading);
  return 0;
}

}  // namespace
}  // namespace quire::worker

int main(int argc, char** argv) { return quire::worker::Run(argc, argv); }
