#pragma once

#include <ATen/Parallel.h>

namespace quire::worker {

// For files that call at::parallel_for. It is a template, which without OpenMP runs all on the caller's
// thread, and libtorch's own operators in it, too; nothing else tells that it does.
#if defined(_OPENMP)
inline constexpr bool kHasOpenMp = true;
#elif defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#error "compile this file with -fopenmp: see worker/model/CMakeLists.txt"
#else
inline constexpr bool kHasOpenMp = false;
#endif

}  // namespace quire::worker
