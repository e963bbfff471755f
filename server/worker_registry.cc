#include "server/worker_registry.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/check.h"
#include "proto/rich_status.h"
#include "proto/version.h"

namespace quire::server {
namespace {

namespace wire = quire::worker::v1;
using Clock = std::chrono::steady_clock;

constexpr double kMinHeartbeatSeconds = 0.1;

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

WorkerRegistry::WorkerRegistry(const FrontLimits& limits, LocalWorkers local)
    : limits_(limits), local_(std::move(local)) {
  for (const auto& [id, device] : local_.devices) local_states_[id];
}

double WorkerRegistry::heartbeat_seconds() const {
  // A stall shows only when several heartbeats fall into the time that it may last.
  return std::max(kMinHeartbeatSeconds,
                  std::min(limits_.heartbeat_seconds, limits_.page_stall_seconds / 4));
}

absl::Status WorkerRegistry::Attach(const wire::WorkerHello& hello, WorkerLink& link,
                                    bool is_local) {
  const std::string& id = hello.worker_id();
  const bool supervised = local_states_.contains(id);
  if (workers_.contains(id) || (supervised && !is_local)) {
    return MakeError(absl::StatusCode::kAlreadyExists, "WORKER_ID_IN_USE",
                     absl::StrCat("a worker with the id '", id,
                                  "' is attached or belongs to this front; give another --id"));
  }
  Worker worker{.hello = hello, .link = &link, .local = is_local && supervised};
  if (hello.has_arena() && worker.local && local_.arena) worker.arena = local_.arena(id);
  worker.heard = worker.moved = Clock::now();
  worker.shared = hello.has_leased_slots();
  worker.lease = worker.shared ? hello.leased_slots() : hello.slots();
  workers_.emplace(id, std::move(worker));
  known_models_[hello.model().key()] = hello.model();
  if (supervised) {
    local_states_[id] = {.state = quire::v1::WORKER_STATE_READY};
    if (local_.on_attached) local_.on_attached(id);
  }
  wire::AttachResponse accepted;
  accepted.mutable_hello_accepted()->set_heartbeat_seconds(heartbeat_seconds());
  accepted.mutable_hello_accepted()->set_front_version(kVersion);
  link.Send(std::move(accepted));
  TellOfChange();
  return absl::OkStatus();
}

void WorkerRegistry::TellOfChange() {
  events_->OnCapacityChanged();
  if (on_workers_changed_) on_workers_changed_();
}

void WorkerRegistry::Detach(const std::string& id, const WorkerLink& link) {
  const auto found = workers_.find(id);
  if (found == workers_.end() || found->second.link != &link) return;
  Lose(found, "", absl::OkStatus());
}

void WorkerRegistry::Lose(Workers::iterator lost, const std::string& reason,
                          const absl::Status& status) {
  const std::string id = lost->first;
  Worker worker = std::move(lost->second);
  workers_.erase(lost);
  std::vector<JobEvents::LostJob> jobs;
  for (const auto& [job_id, held] : worker.held) {
    jobs.push_back({.job_id = job_id, .may_be_to_blame = held.started || !worker.shared});
  }
  worker.held.clear();
  worker.link->Close(status);
  if (worker.local) {
    local_states_[id] = {.state = quire::v1::WORKER_STATE_DOWN,
                         .last_error = std::string(status.message())};
    if (!reason.empty() && local_.kill) local_.kill(id, reason);
  }
  if (!jobs.empty()) events_->OnJobsLost(jobs);
  TellOfChange();
}

void WorkerRegistry::OnMessage(const std::string& id, wire::AttachRequest message) {
  const auto found = workers_.find(id);
  if (found == workers_.end()) return;
  Worker& worker = found->second;
  const auto held = [&](uint64_t job_id) { return worker.held.contains(job_id); };
  if (message.has_lease()) return OnLease(worker, message.lease().slots());
  switch (message.message_case()) {
    case wire::AttachRequest::kHeartbeat:
      return OnHeartbeat(worker, message.heartbeat());
    case wire::AttachRequest::kStarted: {
      const auto job = worker.held.find(message.started().job_id());
      if (job == worker.held.end()) return;
      job->second.started = true;
      return events_->OnJobStarted(job->first, id);
    }
    case wire::AttachRequest::kText:
      if (!held(message.text().job_id())) return;
      worker.moved = Clock::now();
      return events_->OnJobText(message.text().job_id(),
                                std::move(*message.mutable_text()->mutable_text()));
    case wire::AttachRequest::kPixelsReleased: {
      const auto job = worker.held.find(message.pixels_released().job_id());
      if (job != worker.held.end()) job->second.pixels.Release();
      return;
    }
    case wire::AttachRequest::kDone: {
      const uint64_t job_id = message.done().job_id();
      if (!held(job_id)) return;
      EndJob(worker, job_id);
      return events_->OnJobDone(job_id, std::move(*message.mutable_done()->mutable_page()));
    }
    case wire::AttachRequest::kFailed: {
      const uint64_t job_id = message.failed().job_id();
      if (!held(job_id)) return;
      EndJob(worker, job_id);
      return events_->OnJobFailed(job_id, FromProto(message.failed().status()),
                                  message.failed().retryable());
    }
    case wire::AttachRequest::kLease:  // above
    case wire::AttachRequest::kHello:  // a second one says nothing new
    case wire::AttachRequest::MESSAGE_NOT_SET:
      return;
  }
}

void WorkerRegistry::OnHeartbeat(Worker& worker, const wire::Heartbeat& heartbeat) {
  const Clock::time_point now = Clock::now();
  worker.heard = now;
  if (heartbeat.engine_steps() != worker.heartbeat.engine_steps()) worker.moved = now;
  worker.heartbeat = heartbeat;
}

void WorkerRegistry::OnLease(Worker& worker, int slots) {
  worker.lease = std::clamp(slots, 0, worker.hello.slots());
  wire::AttachResponse taken;
  taken.mutable_lease_taken()->set_slots(slots);
  worker.link->Send(std::move(taken));
  TellOfChange();
}

void WorkerRegistry::SetWaiting(int64_t pages) {
  for (auto& [id, worker] : workers_) {
    if (!worker.shared) continue;
    const int64_t wanted = static_cast<int64_t>(worker.held.size()) + pages;
    const int demand = static_cast<int>(std::min<int64_t>(worker.hello.slots(), wanted));
    if (demand == worker.demand || worker.draining) continue;
    worker.demand = demand;
    wire::AttachResponse message;
    message.mutable_demand()->set_jobs(demand);
    worker.link->Send(std::move(message));
  }
}

void WorkerRegistry::EndJob(Worker& worker, uint64_t job_id) {
  worker.held.erase(job_id);
  worker.moved = Clock::now();
}

void WorkerRegistry::Tick(Clock::time_point now) {
  std::vector<std::pair<std::string, std::string>> lost;  // id and what is wrong
  for (const auto& [id, worker] : workers_) {
    const double silent = Seconds(now - worker.heard);
    const double still = Seconds(now - worker.moved);
    if (silent > std::max(limits_.heartbeat_limit_seconds, 3 * heartbeat_seconds())) {
      lost.emplace_back(id, absl::StrCat("no heartbeat for ", static_cast<int>(silent), " s"));
    } else if (!worker.held.empty() && still > limits_.page_stall_seconds) {
      lost.emplace_back(id, absl::StrCat("its engine did not move for ", static_cast<int>(still),
                                         " s while it held ", worker.held.size(), " pages"));
    }
  }
  for (const auto& [id, what] : lost) {
    const auto found = workers_.find(id);
    if (found == workers_.end()) continue;
    Lose(found, "hung",
         MakeError(absl::StatusCode::kUnavailable, "WORKER_HUNG",
                   absl::StrCat("worker ", id, " counts as lost: ", what)));
  }
}

void WorkerRegistry::DrainAll() {
  wire::AttachResponse drain;
  drain.mutable_drain();
  for (auto& [id, worker] : workers_) {
    worker.draining = true;
    worker.link->Send(drain);
  }
  TellOfChange();
}

void WorkerRegistry::OnLocalEnded(const std::string& id, const std::string& how, bool given_up) {
  local_states_[id] = {.state = given_up ? quire::v1::WORKER_STATE_FAILED
                                         : quire::v1::WORKER_STATE_DOWN,
                       .last_error = absl::StrCat("ended: ", how)};
  const auto found = workers_.find(id);
  if (found == workers_.end()) return;
  Lose(found, "", MakeError(absl::StatusCode::kUnavailable, "WORKER_DIED",
                            absl::StrCat("worker ", id, " ended: ", how)));
}

double WorkerRegistry::Assign(const std::string& worker_id, wire::PageJob job, RenderedPage page) {
  const auto found = workers_.find(worker_id);
  QUIRE_CHECK(found != workers_.end());
  Worker& worker = found->second;
  const Clock::time_point begin = Clock::now();
  if (worker.held.empty()) worker.moved = begin;
  HeldJob& held = worker.held[job.job_id()];
  held.alone = job.alone();
  const uint64_t job_id = job.job_id();
  if (worker.arena != nullptr) {
    if (std::optional<ArenaSpan> span = worker.arena->Allocate(page.pixels.bytes())) {
      std::memcpy(span->data(), page.pixels.data(), page.pixels.bytes());
      job.mutable_arena()->set_offset(span->offset());
      job.mutable_arena()->set_bytes(page.pixels.bytes());
      held.pixels = *std::move(span);
    }
  }
  const bool in_arena = job.has_arena();
  wire::AttachResponse message;
  *message.mutable_job() = std::move(job);
  worker.link->Send(std::move(message));
  // Also where the arena had no room: slower, but it needs no one to wait.
  if (!in_arena) worker.link->SendPixels(job_id, std::move(page));
  return Seconds(Clock::now() - begin);
}

void WorkerRegistry::Cancel(uint64_t job_id) {
  for (auto& [id, worker] : workers_) {
    if (!worker.held.contains(job_id)) continue;
    worker.link->DropPixels(job_id);
    wire::AttachResponse message;
    message.mutable_cancel()->set_job_id(job_id);
    worker.link->Send(std::move(message));
  }
}

std::vector<WorkerLoad> WorkerRegistry::loads() const {
  std::vector<WorkerLoad> loads;
  for (const auto& [id, worker] : workers_) {
    loads.push_back({.id = id,
                     .model = worker.hello.model().key(),
                     .slots = worker.lease,
                     .used = static_cast<int>(worker.held.size()),
                     .accepting = !worker.draining,
                     .exclusive = std::any_of(worker.held.begin(), worker.held.end(),
                                              [](const auto& job) { return job.second.alone; })});
  }
  return loads;
}

std::vector<ModelPool> WorkerRegistry::pools() const {
  std::map<std::string, ModelPool> pools;
  for (const auto& [id, worker] : workers_) {
    if (worker.draining) continue;
    ModelPool& pool = pools[worker.hello.model().key()];
    if (pool.slots == 0) {
      pool.info = worker.hello.model();
      pool.page_size = {.long_side_px = worker.hello.render_long_side_px(),
                        .dpi = worker.hello.render_dpi()};
    }
    // Without a lease, too, one page is drawn: the lease comes when there is one to read.
    pool.slots += std::max(1, worker.lease);
  }
  std::vector<ModelPool> result;
  for (auto& [key, pool] : pools) result.push_back(std::move(pool));
  return result;
}

std::vector<quire::v1::ModelInfo> WorkerRegistry::known_models() const {
  std::vector<quire::v1::ModelInfo> models;
  for (const auto& [key, model] : known_models_) models.push_back(model);
  return models;
}

std::vector<quire::v1::WorkerInfo> WorkerRegistry::infos() const {
  std::map<std::string, quire::v1::WorkerInfo> infos;
  for (const auto& [id, local] : local_states_) {
    quire::v1::WorkerInfo& info = infos[id];
    if (const auto device = local_.devices.find(id); device != local_.devices.end()) {
      info.set_device(device->second);
    }
    info.set_state(local.state);
    info.set_last_error(local.last_error);
    if (local_.restarts) info.set_restarts(local_.restarts(id));
  }
  for (const auto& [id, worker] : workers_) {
    quire::v1::WorkerInfo& info = infos[id];
    info.set_device(worker.hello.device());
    info.set_state(worker.draining ? quire::v1::WORKER_STATE_DRAINING
                                   : quire::v1::WORKER_STATE_READY);
    info.set_model(worker.hello.model().key());
    info.set_slots(worker.lease);
    info.set_slots_used(static_cast<int>(worker.held.size()));
    info.set_load_seconds(worker.hello.load_seconds());
    info.set_resident_bytes(worker.heartbeat.resident_bytes());
    info.set_device_memory_peak_bytes(worker.heartbeat.device_memory_peak_bytes());
    if (worker.heartbeat.has_decode_profile()) {
      *info.mutable_decode_profile() = worker.heartbeat.decode_profile();
    }
  }
  std::vector<quire::v1::WorkerInfo> result;
  for (auto& [id, info] : infos) {
    info.set_id(id);
    result.push_back(std::move(info));
  }
  return result;
}

std::map<std::string, WorkerRegistry::Said> WorkerRegistry::said() const {
  std::map<std::string, Said> said;
  for (const auto& [id, worker] : workers_) said.emplace(id, Said{worker.hello, worker.heartbeat});
  return said;
}

}  // namespace quire::server
