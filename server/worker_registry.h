#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "quire/v1/ocr.pb.h"
#include "quire/worker/v1/worker.pb.h"
#include "server/arena.h"
#include "server/limits.h"
#include "server/placement.h"
#include "server/render_pool.h"

namespace quire::server {

// The front's end of one worker's stream. Called on the loop; none of these blocks or calls back.
class WorkerLink {
 public:
  virtual ~WorkerLink() = default;
  virtual void Send(quire::worker::v1::AttachResponse message) = 0;
  // Sends a page's pixels as chunks, and keeps the page until they are on their way.
  virtual void SendPixels(uint64_t job_id, RenderedPage page) = 0;
  // Chunks of this job that still wait need not be sent.
  virtual void DropPixels(uint64_t job_id) = 0;
  // Ends the stream; nothing is sent or told afterwards.
  virtual void Close(const absl::Status& status) = 0;
};

// What workers tell about jobs. Called on the loop, for jobs that are held only.
class JobEvents {
 public:
  virtual ~JobEvents() = default;
  virtual void OnJobStarted(uint64_t job_id, const std::string& worker_id) = 0;
  virtual void OnJobText(uint64_t job_id, std::string text) = 0;
  virtual void OnJobDone(uint64_t job_id, quire::v1::PageResult page) = 0;
  virtual void OnJobFailed(uint64_t job_id, const absl::Status& status, bool retryable) = 0;
  // The worker died, hung or lost its connection.
  // A job that a worker of several fronts had not started may have waited there for another's.
  struct LostJob {
    uint64_t job_id = 0;
    bool may_be_to_blame = true;
  };
  virtual void OnJobsLost(const std::vector<LostJob>& jobs) = 0;
  // Workers, slots or arena space came or went.
  virtual void OnCapacityChanged() = 0;
};

// How the front meets its local workers; every member may be empty. Called on the loop.
struct LocalWorkers {
  std::map<std::string, std::string> devices;  // id -> device
  std::function<std::shared_ptr<Arena>(const std::string& id)> arena;
  std::function<void(const std::string& id)> on_attached;
  std::function<void(const std::string& id, std::string_view reason)> kill;
  std::function<int(const std::string& id)> restarts;
};

// Attached workers that hold the same model.
struct ModelPool {
  quire::v1::ModelInfo info;
  int slots = 0;         // of workers that accept pages
  RenderSize page_size;  // that its PDF pages are drawn to
};

// The attached workers, their slots, the jobs that they hold and whether they are alive. Lives on the
// loop.
class WorkerRegistry {
 public:
  using Clock = std::chrono::steady_clock;

  WorkerRegistry(const FrontLimits& limits, LocalWorkers local);
  // Before anything else is called.
  void SetEvents(JobEvents& events) { events_ = &events; }
  // Called after a worker came, left or began to drain.
  void SetOnWorkersChanged(std::function<void()> changed) { on_workers_changed_ = std::move(changed); }

  // AlreadyExists when the id is in use (by a worker that is attached, or by a local worker where
  // the caller is none). `link` must live until Detach(), Close() or the registry's end.
  absl::Status Attach(const quire::worker::v1::WorkerHello& hello, WorkerLink& link, bool is_local);
  // The worker's stream ended: what it holds is lost. Ignored when it was detached before.
  void Detach(const std::string& id, const WorkerLink& link);
  void OnMessage(const std::string& id, quire::worker::v1::AttachRequest message);
  // Looks for workers that are silent or do not move. Call about every quarter of a second.
  void Tick(Clock::time_point now);
  // Asks all to finish and leave.
  void DrainAll();
  // A local worker's process ended.
  void OnLocalEnded(const std::string& id, const std::string& how, bool given_up);

  // Sends a job, whose arena range is set here. Returns the seconds that copying pixels took.
  double Assign(const std::string& worker_id, quire::worker::v1::PageJob job, RenderedPage page);
  // The job's result is not wanted; its slot stays in use until the worker answers.
  void Cancel(uint64_t job_id);
  // Tells workers that other fronts use, too, how many more pages are there for them.
  void SetWaiting(int64_t pages);

  std::vector<WorkerLoad> loads() const;
  std::vector<ModelPool> pools() const;
  // Models of all workers that ever attached, by key.
  std::vector<quire::v1::ModelInfo> known_models() const;
  std::vector<quire::v1::WorkerInfo> infos() const;
  // What attached workers said of themselves, at first and last, by id.
  struct Said {
    const quire::worker::v1::WorkerHello& hello;
    const quire::worker::v1::Heartbeat& heartbeat;
  };
  std::map<std::string, Said> said() const;
  bool any_attached() const { return !workers_.empty(); }
  double heartbeat_seconds() const;

 private:
  struct HeldJob {
    ArenaSpan pixels;
    bool alone = false;
    bool started = false;
  };
  struct Worker {
    quire::worker::v1::WorkerHello hello;
    WorkerLink* link = nullptr;
    bool local = false;
    bool draining = false;
    std::shared_ptr<Arena> arena;  // second owner: the supervisor
    int lease = 0;        // jobs that it may have
    bool shared = false;  // other fronts have leases on it, too
    int demand = 0;       // that it was told of
    std::map<uint64_t, HeldJob> held;
    quire::worker::v1::Heartbeat heartbeat;
    Clock::time_point heard;  // last heartbeat, or when it attached
    Clock::time_point moved;  // last change of engine_steps, or when it began to hold jobs
  };
  struct LocalState {
    quire::v1::WorkerState state = quire::v1::WORKER_STATE_STARTING;
    std::string last_error;
  };
  using Workers = std::map<std::string, Worker>;

  void OnHeartbeat(Worker& worker, const quire::worker::v1::Heartbeat& heartbeat);
  void OnLease(Worker& worker, int slots);
  void TellOfChange();
  void EndJob(Worker& worker, uint64_t job_id);
  void Lose(Workers::iterator lost, const std::string& reason, const absl::Status& status);

  const FrontLimits limits_;
  const LocalWorkers local_;
  JobEvents* events_ = nullptr;
  std::function<void()> on_workers_changed_;
  Workers workers_;
  std::map<std::string, LocalState> local_states_;
  std::map<std::string, quire::v1::ModelInfo> known_models_;
};

}  // namespace quire::server
