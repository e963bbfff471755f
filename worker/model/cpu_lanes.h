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

// As many vectors of the processor's own width as make kLanes. The compiler keeps a wider vector than that in
// memory: each operation would wait until the one before has been stored.
constexpr int kLanes = CpuMatrix::kCodesAtOnce;
#if defined(__AVX512F__)
constexpr int kPartLanes = 16;
#elif defined(__AVX2__)
constexpr int kPartLanes = 8;
#else
constexpr int kPartLanes = 4;
#endif
constexpr int kParts = kLanes / kPartLanes;
using Part = float __attribute__((vector_size(kPartLanes * sizeof(float)), aligned(sizeof(float))));
struct Floats {
  Part parts[kParts];
};

[[gnu::always_inline]] inline void LoadSome(const float* from, Floats& to) {
  for (int p = 0; p < kParts; ++p) to.parts[p] = reinterpret_cast<const Part*>(from)[p];
}

[[gnu::always_inline]] inline void StoreSome(const Floats& from, float* to) {
  for (int p = 0; p < kParts; ++p) reinterpret_cast<Part*>(to)[p] = from.parts[p];
}

// sums += a * b
[[gnu::always_inline]] inline void AddProduct(const Floats& a, const Floats& b, Floats& sums) {
  for (int p = 0; p < kParts; ++p) sums.parts[p] += a.parts[p] * b.parts[p];
}
[[gnu::always_inline]] inline void AddProduct(float a, const Floats& b, Floats& sums) {
  for (int p = 0; p < kParts; ++p) sums.parts[p] += a * b.parts[p];
}

using Four = float __attribute__((vector_size(16), aligned(sizeof(float))));

// Lanes 0 to 7 and 8 to 15 added, as two vectors.
[[gnu::always_inline]] inline void AddHalves(const Floats& lanes, Four& low, Four& high) {
  static_assert(kLanes == 16);
  const Part* const parts = lanes.parts;
#if defined(__AVX512F__)
  low = __builtin_shufflevector(parts[0], parts[0], 0, 1, 2, 3) +
        __builtin_shufflevector(parts[0], parts[0], 8, 9, 10, 11);
  high = __builtin_shufflevector(parts[0], parts[0], 4, 5, 6, 7) +
         __builtin_shufflevector(parts[0], parts[0], 12, 13, 14, 15);
#elif defined(__AVX2__)
  const Part both = parts[0] + parts[1];
  low = __builtin_shufflevector(both, both, 0, 1, 2, 3);
  high = __builtin_shufflevector(both, both, 4, 5, 6, 7);
#else
  low = parts[0] + parts[2];
  high = parts[1] + parts[3];
#endif
}

[[gnu::always_inline]] inline Four AddNeighbours(const Four& a, const Four& b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6) + __builtin_shufflevector(a, b, 1, 3, 5, 7);
}

// Both halves added, then neighbours, then neighbours of those, then the two that are left: the order of
// SumsOfFour.
[[gnu::always_inline]] inline float SumOfLanes(const Floats& lanes) {
  Four low, high;
  AddHalves(lanes, low, high);
  const Four sums = AddNeighbours(low, high);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// sums[v] = SumOfLanes(lanes[v * kStride]) for four vectors, in half the instructions of four calls.
template <int kStride>
[[gnu::always_inline]] inline void SumsOfFour(const Floats* lanes, float* sums) {
  Four each[4];
  for (int v = 0; v < 4; ++v) {
    Four low, high;
    AddHalves(lanes[v * kStride], low, high);
    each[v] = AddNeighbours(low, high);
  }
  *reinterpret_cast<Four*>(sums) =
      AddNeighbours(AddNeighbours(each[0], each[1]), AddNeighbours(each[2], each[3]));
}

}  // namespace
}  // namespace quire::worker::QUIRE_KERNELS
