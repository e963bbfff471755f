#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "worker/alone_gate.h"
#include "worker/front_link.h"
#include "worker/slot_shares.h"

namespace quire::worker {

// One worker's links to all its fronts, which share its slots. Thread-safe.
class FrontLinks {
 public:
  // `fronts` has one entry for each front; `reader` outlives the links.
  FrontLinks(std::vector<FrontLinkOptions> fronts, PageReader& reader,
             const FrontLinkEvents& events);

  // Runs all links, until the first ends by itself or Stop() is called; see FrontLink::Run().
  absl::Status Run();
  void Stop();

 private:
  AloneGate gate_;
  SlotShares shares_;
  std::vector<std::unique_ptr<FrontLink>> links_;
};

}  // namespace quire::worker
