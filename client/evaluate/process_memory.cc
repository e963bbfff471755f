#include "client/evaluate/process_memory.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace quire::client {
namespace {

struct Process {
  std::string name;
  int parent = 0;
  int64_t peak_bytes = 0;
};

// From /proc/PID/status; fields are left as they are where the process has gone.
Process ReadProcess(int pid) {
  Process process;
  std::ifstream file(absl::StrCat("/proc/", pid, "/status"));
  std::string word;
  while (file >> word) {
    if (word == "Name:") {
      file >> std::ws;
      std::getline(file, process.name);
    } else if (word == "PPid:") {
      file >> process.parent;
    } else if (word == "VmHWM:") {
      file >> process.peak_bytes;
      process.peak_bytes *= 1024;
      break;
    }
  }
  return process;
}

}  // namespace

std::optional<int64_t> PeakMemoryBelow(pid_t root, const std::string& name) {
  std::map<int, Process> processes;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end;
       entry.increment(error)) {
    int pid = 0;
    if (absl::SimpleAtoi(entry->path().filename().string(), &pid)) {
      processes[pid] = ReadProcess(pid);
    }
  }
  std::optional<int64_t> peak;
  for (const auto& [pid, process] : processes) {
    if (process.name != name) continue;
    int above = pid;
    while (above != root && processes.count(above) > 0 && processes[above].parent != above) {
      above = processes[above].parent;
    }
    if (above == root) peak = std::max(peak.value_or(0), process.peak_bytes);
  }
  return peak;
}

}  // namespace quire::client
