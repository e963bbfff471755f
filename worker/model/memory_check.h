#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "worker/model/ocr_model.h"

namespace quire::worker {

// What loading a model takes of its device, and one page after it.
struct MemoryNeed {
  int64_t weight_bytes = 0;
  int64_t cache_bytes = 0;  // keys and values of one page at the whole context
};

// FailedPrecondition where the placement's device has less free: how much is needed and what for,
// how much there is, the registry's keys that would fit. OK where the device does not tell.
absl::Status CheckFits(const MemoryNeed& need, const ModelPlacement& placement);

}  // namespace quire::worker
