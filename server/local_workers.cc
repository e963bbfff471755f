#include "server/local_workers.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace quire::server {
namespace {

absl::Status CheckDevice(const std::string& device, int cuda_devices) {
  if (device == "cpu" || device == "mps") return absl::OkStatus();
  int index = -1;
  if (!absl::StartsWith(device, "cuda:") || !absl::SimpleAtoi(device.substr(5), &index) ||
      index < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("--workers: '", device, "' is no device; use cpu, mps or cuda:N"));
  }
  if (index >= cuda_devices) {
    return absl::InvalidArgumentError(absl::StrCat("--workers: ", device, " is asked for, but ",
                                                   cuda_devices, " CUDA devices were found"));
  }
  return absl::OkStatus();
}

// The id of a device is its name; a second worker of a device gets a number.
std::vector<LocalDevice> WithIds(const std::vector<std::string>& devices) {
  std::map<std::string, int> seen;
  std::vector<LocalDevice> result;
  for (const std::string& device : devices) {
    const std::string name = absl::StrReplaceAll(device, {{":", "-"}});
    const int count = seen[device]++;
    result.push_back({.id = count == 0 ? name : absl::StrCat(name, "-", count), .device = device});
  }
  return result;
}

}  // namespace

absl::StatusOr<std::vector<LocalDevice>> ChooseDevices(const std::string& workers,
                                                       int cuda_devices) {
  std::vector<std::string> devices;
  int count = 0;
  if (workers == "none") return std::vector<LocalDevice>();
  if (workers == "auto") {
    count = std::max(1, cuda_devices);
  } else if (!absl::SimpleAtoi(workers, &count)) {
    devices = absl::StrSplit(workers, ',', absl::SkipEmpty());
    for (const std::string& device : devices) {
      if (absl::Status status = CheckDevice(device, cuda_devices); !status.ok()) return status;
    }
    return WithIds(devices);
  }
  for (int i = 0; i < count; ++i) {
    devices.push_back(cuda_devices > 0 ? absl::StrCat("cuda:", i % cuda_devices) : "cpu");
  }
  return WithIds(devices);
}

int CountCudaDevices(const std::string& folder) {
  int devices = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename();
    const bool numbered = absl::StartsWith(name, "nvidia") && name.size() > 6 &&
                          std::all_of(name.begin() + 6, name.end(), absl::ascii_isdigit);
    if (numbered) ++devices;
  }
  return devices;
}

}  // namespace quire::server
