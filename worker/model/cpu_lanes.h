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

[[gnu::always_inline]] inline float SumOfLanes(const Floats& lanes) {
  float sums[kLanes / 2];
  for (int i = 0; i < kLanes / 2; ++i) sums[i] = lanes[i] + lanes[i + kLanes / 2];
  for (int width = kLanes / 4; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) sums[i] += sums[i + width];
  }
  return sums[0];
}

}  // namespace
}  // namespace quire::worker::QUIRE_KERNELS
