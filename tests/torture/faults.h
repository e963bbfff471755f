#pragma once

#include "tests/service/remote_worker.h"
#include "tests/torture/relay.h"
#include "tests/torture/restarted_service.h"
#include "tests/torture/run_parts.h"
#include "tests/torture/small_disk.h"

namespace quire {

// What faults strike.
struct Victims {
  RestartedService& service;
  SmallDisk& disk;
  Relay& client_link;
  Relay& worker_link;
  RemoteWorker& far;    // a worker without letters, attached by way of worker_link
  RemoteWorker* nano;   // or null
};

// Kills, freezes, cuts, fills up and restarts until the run is over; returns how often. Fronts are
// restarted before `half` alone, so that the memory of one front can be followed from there on. Call it
// on the thread that started the service: a front ends with it.
int Disturb(RunParts& parts, Victims& victims, Stop::Clock::time_point half);

}  // namespace quire
