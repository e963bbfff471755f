#include "client/models/device_memory.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "proto/checkpoint/json_fields.h"

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

uint64_t HostBytes() {
  uint64_t bytes = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                   static_cast<uint64_t>(sysconf(_SC_PAGE_SIZE));
  uint64_t allowed = 0;
  const auto limit = ReadSmallFile("/sys/fs/cgroup/memory.max", 4096);
  if (limit.ok() && absl::SimpleAtoi(absl::StripAsciiWhitespace(*limit), &allowed)) {
    bytes = std::min(bytes, allowed);
  }
  return bytes;
}

}  // namespace

std::vector<DeviceMemory> ListDeviceMemory() {
  std::vector<DeviceMemory> devices;
  AddCuda(devices);
  devices.push_back({"cpu", "cpu", HostBytes()});
  return devices;
}

}  // namespace quire::client
