#pragma once

#include <map>
#include <string>

#include "tests/service/remote_worker.h"
#include "tests/service/two_hosts.h"
#include "tests/torture/relay.h"
#include "tests/torture/restarted_service.h"
#include "tests/torture/run_parts.h"
#include "tests/torture/small_disk.h"
#include "tests/torture/stepped_clock.h"

namespace quire {

// What faults strike. Pointers are null where this machine does not allow the fault.
struct Victims {
  RestartedService& service;
  SmallDisk& disk;
  Relay& client_link;
  Relay& worker_link;
  TwoHosts* hosts;             // "distant" is on the second one
  SteppedClock* front_clock;   // of the front and all that it starts
  SteppedClock* worker_clock;  // of "far"
  RemoteWorker& far;           // a worker without letters, attached by way of worker_link
  RemoteWorker* nano;
};

// Faults by their names, with how often each struck.
using Faults = std::map<std::string, int>;
inline constexpr char kDiskFilled[] = "disk filled";

// Kills, freezes, cuts, fills up, sets clocks and restarts until the run is over. Fronts are restarted
// before `half` alone, so that the memory of one front can be followed from there on. Call it on the
// thread that started the service: a front ends with it.
Faults Disturb(RunParts& parts, Victims& victims, Stop::Clock::time_point half);

}  // namespace quire
