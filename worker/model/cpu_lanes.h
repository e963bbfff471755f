#pragma once

// What kernels are written with. Included by files that are compiled once for each instruction set, with
// QUIRE_KERNELS as the name of their namespace. Only what is inlined for certain may be used there: a
// function of the standard library that the linker shares with the rest of the program would bring
// instructions that the processor may not have.

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include <cstdint>

#include "worker/model/cpu_kernels.h"

namespace quire::worker::QUIRE_KERNELS {
namespace {

[[gnu::always_inline]] inline int64_t Smaller(int64_t a, int64_t b) { return a < b ? a : b; }

// Asks for memory that is read soon: a cached head is 16 KiB, and the processor's own prefetching ends
// with each 4 KiB.
[[gnu::always_inline]] inline void Prefetch(const void* data, int64_t bytes) {
  constexpr int64_t kLine = 64;
  const char* lines = static_cast<const char*>(data);
  for (int64_t i = 0; i < bytes; i += kLine) __builtin_prefetch(lines + i);
}

// Vectors of one width everywhere; the compiler splits them for narrower processors.
constexpr int kLanes = CpuMatrix::kCodesAtOnce;
using Floats = float __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float))));

[[gnu::always_inline]] inline void LoadSome(const float* from, Floats& to) {
  to = *reinterpret_cast<const Floats*>(from);
}

// Both halves added, then neighbours, then neighbours of those, then the two that are left: the order of
// SumsOfFour.
[[gnu::always_inline]] inline float SumOfLanes(const Floats& lanes) {
  static_assert(kLanes == 16);
  float sums[8];
  for (int i = 0; i < 8; ++i) sums[i] = lanes[i] + lanes[i + 8];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

// sums[v] = SumOfLanes(lanes[v * kStride]) for four vectors, in half the instructions of four calls.
template <int kStride>
[[gnu::always_inline]] inline void SumsOfFour(const Floats* lanes, float* sums) {
  using Eight = float __attribute__((vector_size(32)));
  using Four = float __attribute__((vector_size(16), aligned(sizeof(float))));
  Eight halves[4];
  for (int v = 0; v < 4; ++v) {
    const Floats& all = lanes[v * kStride];
    halves[v] = __builtin_shufflevector(all, all, 0, 1, 2, 3, 4, 5, 6, 7) +
                __builtin_shufflevector(all, all, 8, 9, 10, 11, 12, 13, 14, 15);
  }
  const auto add_neighbours = [](const Eight& a, const Eight& b, Eight& to) __attribute__((always_inline)) {
    to = __builtin_shufflevector(a, b, 0, 2, 8, 10, 4, 6, 12, 14) +
         __builtin_shufflevector(a, b, 1, 3, 9, 11, 5, 7, 13, 15);
  };
  Eight first, second, both;
  add_neighbours(halves[0], halves[1], first);
  add_neighbours(halves[2], halves[3], second);
  add_neighbours(first, second, both);
  *reinterpret_cast<Four*>(sums) = __builtin_shufflevector(both, both, 0, 1, 2, 3) +
                                   __builtin_shufflevector(both, both, 4, 5, 6, 7);
}

}  // namespace
}  // namespace quire::worker::QUIRE_KERNELS
