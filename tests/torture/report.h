#pragma once

#include <cstdint>

#include "tests/torture/faults.h"
#include "tests/torture/run_parts.h"

namespace quire {

// What is seen of a run beside its books.
struct Ending {
  Faults faults;
  int64_t memory_growth_bytes = 0;  // from mid-run to end
  int orphans = 0;
  int left_files = 0;
};

// Prints what the run was and whether its books balance; 0 when they do, else 1.
int Report(const RunParts& parts, const Ending& ending);

}  // namespace quire
