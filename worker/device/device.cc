#include "worker/device/device.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <dlfcn.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "proto/checkpoint/host_memory.h"

namespace quire::worker {
namespace {

// Loads libtorch's CUDA half, which this program does not link, so that one binary serves machines
// with and without a GPU. What was found, in words.
std::string LoadCuda() {
#if defined(__linux__)
  if (dlopen("libcuda.so.1", RTLD_NOW | RTLD_GLOBAL) == nullptr) return "no CUDA driver";
  if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    return absl::StrCat("a CUDA driver, but not libtorch_cuda.so: ", dlerror());
  }
  if (!at::hasCUDA()) return "libtorch_cuda.so, but no CUDA device";
  return absl::StrCat(at::detail::getCUDAHooks().deviceCount(), " CUDA device(s)");
#else
  return "no CUDA on this system";
#endif
}

int CudaDevices() {
  CudaFindings();
  return at::hasCUDA() ? at::detail::getCUDAHooks().deviceCount() : 0;
}

DeviceInfo CudaDevice(int index) {
  DeviceInfo info{.name = absl::StrCat("cuda:", index), .is_cpu = false};
  // Whoever asks for float32 gets it: convolutions would be rounded to 10 bits by default.
  at::globalContext().setAllowTF32CuDNN(false);
  // cuDNN's attention makes a plan for every new length of a sequence, which takes 50 ms: longer
  // than the decoder step that it is for. The other kernels take any length.
  at::globalContext().setSDPUseCuDNN(false);
  // Through cudart, which libtorch_cuda brought along; its header is not needed for one function.
  using MemGetInfo = int (*)(size_t*, size_t*);
  // A tensor on the device makes its context, whose memory is then no longer free.
  at::empty({1}, at::TensorOptions().device(at::Device(info.name)));
  if (auto query = reinterpret_cast<MemGetInfo>(dlsym(RTLD_DEFAULT, "cudaMemGetInfo"))) {
    size_t free_bytes = 0, total_bytes = 0;
    if (query(&free_bytes, &total_bytes) == 0) {
      info.free_bytes = static_cast<int64_t>(free_bytes);
      info.total_bytes = static_cast<int64_t>(total_bytes);
    }
  }
  return info;
}

}  // namespace

const std::string& CudaFindings() {
  static const std::string findings = LoadCuda();
  return findings;
}

DeviceMemory MemoryOn(const std::string& device_name) {
  const at::Device device(device_name);
  if (device.is_cpu()) return {};
  auto* const allocator = dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(device.type()));
  if (allocator == nullptr || !allocator->initialized()) return {};
  const auto stats = allocator->getDeviceStats(std::max<at::DeviceIndex>(device.index(), 0));
  const auto& bytes =
      stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
  return {.used_bytes = bytes.current, .peak_bytes = bytes.peak};
}

absl::StatusOr<DeviceInfo> ChooseDevice(const std::string& name) {
  const int cuda_devices = name == "cpu" ? 0 : CudaDevices();
  if (name == "cpu" || (name == "auto" && cuda_devices == 0 && !at::hasMPS())) {
    const HostMemory memory = ReadHostMemory();
    return DeviceInfo{.name = "cpu",
                      .total_bytes = memory.total_bytes,
                      .free_bytes = memory.available_bytes};
  }
  if (name == "mps" || (name == "auto" && cuda_devices == 0)) {
    if (!at::hasMPS()) return absl::FailedPreconditionError("there is no MPS device on this system");
    return DeviceInfo{.name = "mps", .is_cpu = false};
  }
  int index = 0;
  if (name != "auto" && (!absl::StartsWith(name, "cuda:") ||
                         !absl::SimpleAtoi(name.substr(5), &index))) {
    return absl::InvalidArgumentError(
        absl::StrCat("device '", name, "' is unknown: use auto, cpu, mps or cuda:N"));
  }
  if (index < 0 || index >= cuda_devices) {
    return absl::FailedPreconditionError(
        absl::StrCat("there is no device ", name, "; found: ", CudaFindings()));
  }
  return CudaDevice(index);
}

}  // namespace quire::worker
