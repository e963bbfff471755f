#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quire::client {

// A device of this machine that a model could be loaded on.
struct DeviceMemory {
  std::string name;  // "cuda:0", "cpu"
  std::string kind;  // as in the registry: "cuda", "cpu"
  uint64_t total_bytes = 0;
};

// Every CUDA device (asked from NVIDIA's management library, where there is a driver; no CUDA is
// started), then the host: its memory, or what its control group allows.
std::vector<DeviceMemory> ListDeviceMemory();

}  // namespace quire::client
