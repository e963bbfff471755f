#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace quire::server {

// A local worker to be.
struct LocalDevice {
  std::string id;      // "cpu", "cuda-0", "cpu-1"
  std::string device;  // "cpu", "cuda:0"
};

// What --workers asks for. InvalidArgument names a device that this machine does not have.
//   workers       auto, none, a number, or devices such as "cpu,cuda:0"
//   cuda_devices  of this machine
absl::StatusOr<std::vector<LocalDevice>> ChooseDevices(const std::string& workers,
                                                       int cuda_devices);

// CUDA devices of this machine, without loading a driver: /dev/nvidia0, /dev/nvidia1, ...
//   folder  "/dev"
int CountCudaDevices(const std::string& folder);

}  // namespace quire::server
