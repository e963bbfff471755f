#pragma once

namespace quire::worker {

// Faults of a device that a reader raises on purpose, so that tests see what follows from them.
struct ModelFaults {
  int device_fault_at_step = 0;       // this step, counted from 1 on with the warm-up's, fails; 0: none
  int out_of_memory_above_pages = 0;  // a step of more pages, or of more views, fails; 0: none
};

}  // namespace quire::worker
