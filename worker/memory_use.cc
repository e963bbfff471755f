#include "worker/memory_use.h"

#include <unistd.h>

#include <cstdio>

namespace quire::worker {
namespace {

int64_t ResidentBytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  long long total = 0, resident = 0;
  const int fields = std::fscanf(file, "%lld %lld", &total, &resident);
  std::fclose(file);
  return fields == 2 ? resident * sysconf(_SC_PAGESIZE) : 0;
}

}  // namespace

MemoryUse MemoryUseOf(const PageReader& reader) {
  const int64_t resident = ResidentBytes();
  const bool on_host = reader.info().device == "cpu";
  if (on_host) return {.resident_bytes = resident, .device_bytes = resident};
  const ReaderStats stats = reader.stats();
  return {.resident_bytes = resident,
          .device_bytes = stats.device_memory_used_bytes,
          .device_peak_bytes = stats.device_memory_peak_bytes};
}

}  // namespace quire::worker
