#pragma once

#include <cstdint>

#include "worker/engine/page_reader.h"

namespace quire::worker {

// Memory that this process uses.
struct MemoryUse {
  int64_t resident_bytes = 0;
  int64_t device_bytes = 0;  // on a CPU, whose memory is the host's, the same; 0: unknown
  int64_t device_peak_bytes = 0;  // most since the start; 0 on a CPU and when unknown
};

MemoryUse MemoryUseOf(const PageReader& reader);

}  // namespace quire::worker
