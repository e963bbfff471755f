#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace quire::worker {

// One device that tensors can live on.
struct DeviceInfo {
  std::string name;  // "cpu", "cuda:0", "mps"
  bool is_cpu = true;
  int64_t total_bytes = 0;  // 0: unknown
  int64_t free_bytes = 0;
};

// The device of a name; for "auto" the first CUDA device, then MPS, then the CPU. FailedPrecondition
// where there is no such device: the message says what was found instead. Call it before anything asks
// libtorch for CUDA: it loads libtorch_cuda where that and a driver are there, and libtorch remembers
// the first answer.
absl::StatusOr<DeviceInfo> ChooseDevice(const std::string& name);

// Memory that tensors have on a device, by its allocator's own count. All 0 for the CPU, and for a
// device whose allocator does not count or has given nothing yet. Any thread.
struct DeviceMemory {
  int64_t used_bytes = 0;
  int64_t peak_bytes = 0;  // most at once since the start
};
DeviceMemory MemoryOn(const std::string& device_name);

// What LoadCuda found, in words for the log.
const std::string& CudaFindings();

}  // namespace quire::worker
