#include "client/models/device_memory.h"

#include <dlfcn.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "proto/checkpoint/host_memory.h"

namespace quire::client {
namespace {

// Source: nvml.h; these names and this struct are NVML's stable interface.
struct NvmlMemory {
  unsigned long long total = 0, free = 0, used = 0;
};
using NvmlCall = int (*)();
using NvmlCount = int (*)(unsigned int*);
using NvmlHandle = int (*)(unsigned int, void**);
using NvmlMemoryInfo = int (*)(void*, NvmlMemory*);

template <typename Function>
Function Find(void* library, const char* name) {
  return reinterpret_cast<Function>(dlsym(library, name));
}

void AddCuda(std::vector<DeviceMemory>& devices) {
  const std::unique_ptr<void, int (*)(void*)> library(
      dlopen("libnvidia-ml.so.1", RTLD_NOW),
      [](void* open) { return open == nullptr ? 0 : dlclose(open); });
  if (library == nullptr) return;
  const auto start = Find<NvmlCall>(library.get(), "nvmlInit_v2");
  const auto stop = Find<NvmlCall>(library.get(), "nvmlShutdown");
  const auto count_of = Find<NvmlCount>(library.get(), "nvmlDeviceGetCount_v2");
  const auto handle_of = Find<NvmlHandle>(library.get(), "nvmlDeviceGetHandleByIndex_v2");
  const auto memory_of = Find<NvmlMemoryInfo>(library.get(), "nvmlDeviceGetMemoryInfo");
  if (!start || !stop || !count_of || !handle_of || !memory_of || start() != 0) return;
  unsigned int count = 0;
  if (count_of(&count) != 0) count = 0;
  for (unsigned int i = 0; i < count; ++i) {
    void* device = nullptr;
    NvmlMemory memory;
    if (handle_of(i, &device) != 0 || memory_of(device, &memory) != 0) continue;
    devices.push_back({absl::StrCat("cuda:", i), "cuda", memory.total});
  }
  stop();
}

}  // namespace

std::vector<DeviceMemory> ListDeviceMemory() {
  std::vector<DeviceMemory> devices;
  AddCuda(devices);
  devices.push_back({"cpu", "cpu", static_cast<uint64_t>(ReadHostMemory().total_bytes)});
  return devices;
}

}  // namespace quire::client
