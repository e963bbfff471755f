#pragma once

#include <condition_variable>
#include <memory>
#include <string>
#include <vector>

#include "worker/engine/page_reader.h"

namespace quire::worker {

// How a FakePageReader behaves.
struct FakeReading {
  int slots = 2;
  int delay_ms = 5;      // for each page
  int pieces = 4;        // of streamed text
  int long_side_px = 256;
  // A page whose first pixel has this red value takes the whole process down (SIGKILL to itself).
  int deadly_red = -1;
  // A page whose first pixel has this red value never ends, and the engine stops moving.
  int hanging_red = -1;
  bool profile = false;  // gives figures of decode steps
  // This step is the last one: the device counts as broken from then on; 0: none.
  int device_fault_at_step = 0;
  // A page that is begun beside this many others finds no memory, and neither do they; 0: none.
  int out_of_memory_above_pages = 0;
  // Unsure of a whole page, and sure of one whose margins were cut off.
  bool second_look = false;
  // With second_look: less sure even then than text may be.
  bool unreadable = false;
};

// Reads no letters: its text names the size and a checksum of the pixels, so that a swapped, lost or
// doubled page shows. Keeps the contract of PageReader, threads included; needs no torch.
std::unique_ptr<PageReader> MakeFakePageReader(const FakeReading& reading);

// The text that a fake reader gives for pixels.
std::string FakePageText(PixelView pixels);

}  // namespace quire::worker
