#pragma once

#include <string>
#include <vector>

#include "client/bench/bench_run.h"
#include "client/json_format.h"
#include "client/score/bootstrap.h"

namespace quire::client {

// How one figure changed from a run to another.
struct Change {
  std::string name;      // "pages a second"
  double before = 0;
  double after = 0;
  double ratio = 1;      // after / before
  Interval interval;     // of the ratio, 95 %
  bool more_is_better = true;

  // Whether the runs show a difference at all.
  bool shown() const { return !interval.Holds(1); }
};

// Rates are drawn again from twenty stretches of each run's time, seconds from its documents: pages
// of one document are alike. Figures that a run lacks are left out.
std::vector<Change> CompareRuns(const BenchRun& before, const BenchRun& after);

// A table for people, with what each line means.
std::string FormatChanges(const std::vector<Change>& changes);
Json ChangesToJson(const std::vector<Change>& changes);

}  // namespace quire::client
