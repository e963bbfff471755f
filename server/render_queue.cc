#include "server/render_queue.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/rich_status.h"

namespace quire::server {
namespace {

constexpr double kRetrySeconds = 5;

absl::Status NoRenderer(const absl::Status& cause) {
  return WithRetryAfter(
      MakeError(absl::StatusCode::kUnavailable, "RENDERER_UNAVAILABLE",
                absl::StrCat("no renderer can be started (", cause.message(), "); try again later")),
      kRetrySeconds);
}

}  // namespace

RenderDocument::~RenderDocument() {
  if (fd >= 0) close(fd);
  if (const std::shared_ptr<RenderQueue> held = queue.lock()) held->DocumentGone(id);
}

void Fail(RenderTask& task, const absl::Status& status) {
  std::visit([&](auto& asked) { asked.done(status); }, task);
}

absl::Status RenderQueue::Push(RenderTask& task) {
  MutexLock lock(mutex_);
  if (stopped_) return absl::UnavailableError("the server is stopping");
  if (!AnyRunning() && !start_error_.ok()) return NoRenderer(start_error_);
  if (static_cast<int>(tasks_.size()) >= max_waiting_) {
    return WithRetryAfter(
        MakeError(absl::StatusCode::kResourceExhausted, "RENDER_QUEUE_FULL",
                  absl::StrCat(tasks_.size(), " requests wait for a renderer; the limit is ",
                               max_waiting_, ": try again later")),
        kRetrySeconds);
  }
  tasks_.push_back(std::move(task));
  changed_.NotifyAll();
  return absl::OkStatus();
}

void RenderQueue::PutBack(RenderTask task) {
  MutexLock lock(mutex_);
  tasks_.push_front(std::move(task));
  changed_.NotifyAll();
}

RenderTurn RenderQueue::Take(int renderer, const std::set<uint64_t>& open, Arena& arena) {
  MutexLock lock(mutex_);
  while (true) {
    RenderTurn turn{.closed = std::exchange(closed_[renderer], {}), .stopped = stopped_};
    if (stopped_) return turn;
    if (const std::optional<Choice> choice = Choose(open, arena)) {
      const auto chosen = tasks_.begin() + static_cast<ptrdiff_t>(choice->index);
      const DrawTask* draw = std::get_if<DrawTask>(&*chosen);
      if (draw != nullptr && choice->has_document) {
        CountPassedOver(choice->index);
        // Only this renderer takes from its arena: what Choose() saw is still there.
        turn.grant = *arena.AllocateLargest(draw->arena_bytes);
      }
      turn.task = std::move(*chosen);
      tasks_.erase(chosen);
      return turn;
    }
    if (!turn.closed.empty()) return turn;
    changed_.Wait(mutex_);
  }
}

std::optional<RenderQueue::Choice> RenderQueue::Choose(const std::set<uint64_t>& open,
                                                       const Arena& arena) const {
  const uint64_t room = arena.largest_free_bytes();
  std::optional<Choice> first;
  bool may_overtake = true;
  for (size_t i = 0; i < tasks_.size(); ++i) {
    const DrawTask* draw = std::get_if<DrawTask>(&tasks_[i]);
    if (draw != nullptr && draw->document.expired()) {
      return Choice{.index = i, .has_document = false};
    }
    if (draw == nullptr) {
      if (!first.has_value()) return Choice{.index = i};
      continue;
    }
    if (draw->arena_bytes <= room && may_overtake) {
      if (open.count(draw->document_id) > 0) return Choice{.index = i};
      if (!first.has_value()) first = Choice{.index = i};
    }
    if (draw->passed_over >= kMostPassedOver) may_overtake = false;
  }
  return first;
}

void RenderQueue::CountPassedOver(size_t chosen) {
  for (size_t i = 0; i < chosen; ++i) {
    if (DrawTask* draw = std::get_if<DrawTask>(&tasks_[i])) ++draw->passed_over;
  }
}

void RenderQueue::ArenaReleased() {
  MutexLock lock(mutex_);
  changed_.NotifyAll();
}

void RenderQueue::DocumentGone(uint64_t document_id) {
  MutexLock lock(mutex_);
  for (std::vector<uint64_t>& closed : closed_) closed.push_back(document_id);
  changed_.NotifyAll();
}

void RenderQueue::OnStarted(int renderer) {
  MutexLock lock(mutex_);
  running_[renderer] = true;
  start_error_ = absl::OkStatus();
  changed_.NotifyAll();
}

void RenderQueue::OnStartFailed(int renderer, const absl::Status& status) {
  {
    MutexLock lock(mutex_);
    running_[renderer] = false;
    ++failed_starts_;
    start_error_ = status;
    changed_.NotifyAll();
    if (AnyRunning()) return;
  }
  FailAll(NoRenderer(status));
}

bool RenderQueue::any_running() const {
  MutexLock lock(mutex_);
  return AnyRunning();
}

bool RenderQueue::AnyRunning() const {
  return std::find(running_.begin(), running_.end(), true) != running_.end();
}

absl::Status RenderQueue::WaitForStart(int attempts) {
  MutexLock lock(mutex_);
  while (!AnyRunning() && failed_starts_ < attempts) changed_.Wait(mutex_);
  return AnyRunning() ? absl::OkStatus() : start_error_;
}

bool RenderQueue::WaitUntil(Clock::time_point time) {
  MutexLock lock(mutex_);
  while (!stopped_ && Clock::now() < time) changed_.WaitUntil(mutex_, time);
  return !stopped_;
}

void RenderQueue::Stop() {
  MutexLock lock(mutex_);
  stopped_ = true;
  changed_.NotifyAll();
}

bool RenderQueue::stopped() const {
  MutexLock lock(mutex_);
  return stopped_;
}

void RenderQueue::FailAll(const absl::Status& status) {
  std::deque<RenderTask> tasks;
  {
    MutexLock lock(mutex_);
    tasks.swap(tasks_);
  }
  for (RenderTask& task : tasks) Fail(task, status);
}

}  // namespace quire::server
