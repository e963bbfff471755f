#pragma once

#include "worker/model/cpu_kernels.h"

namespace quire::worker {

// The kernels of cpu_kernels.h, compiled for one instruction set.
struct CpuKernels {
  decltype(&Attend) attend;
  decltype(&Multiply) multiply;
  decltype(&Decode) decode;
  decltype(&GateTimesUp) gate_times_up;
  decltype(&NormRow) norm_row;
};

// Every instruction set has cpu_kernels.cc's in a namespace of its own; those beside `any` are there on
// x86-64 only.
namespace any {
extern const CpuKernels kKernels;
}
namespace avx2 {
extern const CpuKernels kKernels;
}
namespace avx512 {
extern const CpuKernels kKernels;
}

}  // namespace quire::worker
