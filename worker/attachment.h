#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "proto/mutex.h"
#include "quire/worker/v1/worker.grpc.pb.h"
#include "worker/engine/page_reader.h"
#include "worker/front_link.h"
#include "worker/slot_shares.h"

namespace quire::worker {

// One attach stream from dial to end. The reactor never blocks; results come from the reader's
// threads and wait in a queue with one write in flight. A job's callbacks own the attachment, so it
// lives until the last of them.
class Attachment : public grpc::ClientBidiReactor<quire::worker::v1::AttachRequest,
                                                  quire::worker::v1::AttachResponse>,
                   public std::enable_shared_from_this<Attachment> {
 public:
  Attachment(const FrontLinkOptions& options, PageReader& reader, SlotShares& shares,
             const FrontLinkEvents& events);

  // Dials and sends the hello.
  void Start(std::shared_ptr<grpc::Channel> channel, const std::string& authorization);
  // Cancels the stream; Wait() returns soon.
  void Cancel();
  // Sends heartbeats until the stream has ended; then cancels what runs and waits for its end.
  // OK when the front asked for a drain and got it.
  absl::Status Wait();
  bool drained() const;

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  struct Job {
    quire::worker::v1::PageJob wire;
    PageRequest request;  // under a number of this process, since fronts number for themselves
    std::vector<uint8_t> pixels;  // for workers without an arena
    std::chrono::steady_clock::time_point came = std::chrono::steady_clock::now();
    double transfer_seconds = 0;  // until its pixels were here
    bool reading = false;         // given to the reader
  };

  void Handle(const quire::worker::v1::AttachResponse& message);
  void AcceptJob(const quire::worker::v1::PageJob& wire);
  void AcceptPixels(const quire::worker::v1::PixelChunk& chunk);
  void CancelJob(uint64_t job_id);
  void Begin(uint64_t job_id, PageRequest request);
  const Job* Find(uint64_t job_id) const;
  void FinishJob(uint64_t job_id, absl::StatusOr<PageOutput> output);
  void Fail(uint64_t job_id, const absl::Status& status);
  void EndJob(uint64_t job_id, std::optional<quire::worker::v1::AttachRequest> message);
  void Send(quire::worker::v1::AttachRequest message);
  void SendText(uint64_t job_id, std::string text);
  void PumpLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SendHeartbeat();
  void SendLease(int slots);

  const FrontLinkOptions& options_;
  PageReader& reader_;
  SlotShares& shares_;
  int front_ = -1;  // its number there, from Start() to the end of Wait()
  const FrontLinkEvents& events_;
  grpc::ClientContext context_;
  std::unique_ptr<quire::worker::v1::AttachService::Stub> stub_;
  quire::worker::v1::AttachResponse incoming_;  // the reactor's alone

  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<quire::worker::v1::AttachRequest> outgoing_ ABSL_GUARDED_BY(mutex_);
  quire::worker::v1::AttachRequest writing_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<uint64_t, std::unique_ptr<Job>> jobs_ ABSL_GUARDED_BY(mutex_);
  bool write_in_flight_ ABSL_GUARDED_BY(mutex_) = false;
  bool holding_ ABSL_GUARDED_BY(mutex_) = false;  // the hold that lets writes start from outside
  bool writes_done_ ABSL_GUARDED_BY(mutex_) = false;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> ended_ ABSL_GUARDED_BY(mutex_);
  std::optional<std::chrono::duration<double>> heartbeat_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace quire::worker
