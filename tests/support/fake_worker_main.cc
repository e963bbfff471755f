// quire-fake-worker: the real worker program around a reader that reads no letters. Takes the flags
// of quire-worker; how it behaves comes from QUIRE_FAKE_... variables.

#include <cstdlib>
#include <string>

#include "tests/support/fake_page_reader.h"
#include "worker/worker_program.h"

namespace {

int Number(const char* variable, int otherwise) {
  const char* value = std::getenv(variable);
  return value == nullptr ? otherwise : std::atoi(value);
}

}  // namespace

int main(int argc, char** argv) {
  return quire::worker::RunWorkerProgram(argc, argv, [](const quire::worker::Config& config) {
    quire::worker::FakeReading reading;
    reading.profile = config.profile > 0;
    reading.slots = config.slots > 0 ? config.slots : reading.slots;
    reading.delay_ms = Number("QUIRE_FAKE_DELAY_MS", reading.delay_ms);
    reading.long_side_px = Number("QUIRE_FAKE_LONG_SIDE_PX", reading.long_side_px);
    reading.deadly_red = Number("QUIRE_FAKE_DEADLY_RED", reading.deadly_red);
    reading.hanging_red = Number("QUIRE_FAKE_HANGING_RED", reading.hanging_red);
    reading.second_look = Number("QUIRE_FAKE_SECOND_LOOK", 0) != 0;
    reading.unreadable = Number("QUIRE_FAKE_UNREADABLE", 0) != 0;
    reading.device_fault_at_step = config.device_fault_at_step;
    reading.out_of_memory_above_pages = config.out_of_memory_above_pages;
    return absl::StatusOr<std::unique_ptr<quire::worker::PageReader>>(
        quire::worker::MakeFakePageReader(reading));
  });
}
