#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/access.h"
#include "proto/mutex.h"
#include "quire/worker/v1/worker.pb.h"
#include "worker/engine/page_reader.h"
#include "worker/slot_shares.h"

namespace quire::worker {

struct FrontLinkOptions {
  std::string address;    // gRPC target of the front's attach service: "unix:/path", "host:port"
  std::string worker_id;  // unique among the front's workers
  AccessFiles access;     // read again at every dial
  const uint8_t* arena = nullptr;  // memory shared with the front; or null: pixels come in chunks
  uint64_t arena_bytes = 0;
  // A local child leaves when the front is gone; a remote worker dials again.
  bool stay_when_front_leaves = false;
  bool shared = false;  // other fronts have slots of this worker, too
  double max_redial_seconds = 5;
};

// What the link reports to the log and to metrics; called from its threads and the reader's.
struct FrontLinkEvents {
  std::function<void(const std::string& address, const std::string& front_version)> on_attached;
  std::function<void(const std::string& address, const absl::Status& why, double redial_seconds)>
      on_detached;
  // A page ended, before the front hears of it.
  std::function<void(const quire::worker::v1::PageJob& job,
                     const absl::StatusOr<PageOutput>& output)>
      on_page_end;
};

class Attachment;

// Keeps a worker attached to a front: dials, says hello, hands jobs to the reader and their results
// back, sends heartbeats, dials again with back-off. Jobs of a lost connection are cancelled: the
// front gives them to somebody else. Thread-safe.
class FrontLink {
 public:
  // `reader` and `shares` outlive the link.
  FrontLink(FrontLinkOptions options, PageReader& reader, SlotShares& shares,
            FrontLinkEvents events);
  ~FrontLink();

  // Runs until Stop(), a failure of the device or, unless stay_when_front_leaves, the front's Drain or
  // loss. OK after Stop and Drain, DataLoss when the device failed, else why the front was lost or what
  // it refused.
  absl::Status Run();
  // Ends Run() soon; what runs is cancelled.
  void Stop();

 private:
  absl::Status AttachOnce(bool* drained);
  const FrontLinkOptions options_;
  PageReader& reader_;
  SlotShares& shares_;
  const FrontLinkEvents events_;
  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<Attachment> attachment_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace quire::worker
