#include "worker/model/memory_check.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "proto/checkpoint/device_fit.h"

namespace quire::worker {
namespace {

std::string Gigabytes(int64_t bytes) {
  return absl::StrFormat("%.2f GB", static_cast<double>(bytes) / 1e9);
}

}  // namespace

absl::Status CheckFits(const MemoryNeed& need, const ModelPlacement& placement) {
  const int64_t needed = need.weight_bytes + need.cache_bytes, free = placement.free_bytes;
  if (free == 0 || needed <= free) return absl::OkStatus();
  const std::string kind = placement.device.substr(0, placement.device.find(':'));
  const std::vector<std::string> keys = KeysThatFit(static_cast<double>(free), kind);
  std::string message = absl::StrCat(
      "the model needs ", Gigabytes(needed), " of ", placement.device, "'s memory: ",
      Gigabytes(need.weight_bytes), " for its weights in ", placement.dtype, ", ",
      Gigabytes(need.cache_bytes), " for one page's keys and values; ", Gigabytes(free), " are free");
  if (placement.total_bytes > 0) {
    absl::StrAppend(&message, " of ", Gigabytes(placement.total_bytes));
  }
  if (placement.dtype == "f32" && kind != "cpu") {
    absl::StrAppend(&message, "; --dtype bf16 needs half");
  }
  absl::StrAppend(&message, keys.empty() ? "; no model of the registry would fit"
                                         : "; of the registry would fit: ",
                  absl::StrJoin(keys, ", "));
  return absl::FailedPreconditionError(message);
}

}  // namespace quire::worker
