#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/mutex.h"
#include "server/arena.h"
#include "server/render_pool.h"

namespace quire::server {

class RenderQueue;

// Its own read-only descriptor, and what a renderer must know to open it again.
struct RenderDocument {
  ~RenderDocument();  // closes it in all renderers
  uint64_t id = 0;    // 1 or more
  int fd = -1;
  int64_t bytes = 0;
  OpenSettings settings;
  std::weak_ptr<RenderQueue> queue;  // the pool may be gone before
};

// Asks to open a document for the first time.
struct OpenTask {
  std::shared_ptr<RenderDocument> document;  // the caller's, once it is open
  int deaths = 0;                            // of renderers that had this task
  std::function<void(absl::StatusOr<OpenedDocument>)> done;
};

// Asks to draw a page.
struct DrawTask {
  std::weak_ptr<RenderDocument> document;
  uint64_t document_id = 0;
  RenderPool::PageSpec page;
  uint64_t arena_bytes = 0;  // free piece of arena that it needs at least, as far as is known
  int passed_over = 0;       // drawings that overtook it
  int deaths = 0;            // of renderers that had this task
  std::function<void(absl::StatusOr<RenderedPage>)> done;
};

using RenderTask = std::variant<OpenTask, DrawTask>;

void Fail(RenderTask& task, const absl::Status& status);

// What a renderer does next, in this order.
struct RenderTurn {
  std::vector<uint64_t> closed;    // documents to forget
  std::optional<RenderTask> task;  // nothing: ask again
  ArenaSpan grant;                 // room for a DrawTask: the largest there is
  bool stopped = false;
};

// What waits for a renderer, and how the renderers are. First come, first served, but that a renderer
// prefers pages of documents it has open, and that a page which finds no room in the arena lets others
// by; at most kMostPassedOver overtake a page. Thread-safe; callbacks are called without its lock.
class RenderQueue {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr int kMostPassedOver = 8;

  RenderQueue(int renderers, int max_waiting)
      : max_waiting_(max_waiting), closed_(renderers), running_(renderers) {}

  // Takes `task` in, or leaves it: ResourceExhausted when full, Unavailable after Stop() or while no
  // renderer can be started.
  absl::Status Push(RenderTask& task);
  // Gives a task back that was taken; it is the next.
  void PutBack(RenderTask task);
  // Waits for something that renderer `renderer`, which has the documents `open` and draws into
  // `arena`, can do. A DrawTask whose document is gone comes without a grant.
  RenderTurn Take(int renderer, const std::set<uint64_t>& open, Arena& arena);

  // Wakes those who wait for room in an arena.
  void ArenaReleased();
  // Has the document forgotten by all renderers.
  void DocumentGone(uint64_t document_id);

  // A renderer answers; until a start of it fails it counts as running.
  void OnStarted(int renderer);
  // It could not be started. Fails what waits when no other runs.
  void OnStartFailed(int renderer, const absl::Status& status);
  bool any_running() const;
  // OK once a renderer answers; the last error once `attempts` starts failed and none answers.
  absl::Status WaitForStart(int attempts);

  // False when stopped before `time`.
  bool WaitUntil(Clock::time_point time);
  void Stop();
  bool stopped() const;
  // Fails what waits.
  void FailAll(const absl::Status& status);

 private:
  struct Choice {
    size_t index = 0;
    bool has_document = true;
  };
  std::optional<Choice> Choose(const std::set<uint64_t>& open, const Arena& arena) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool AnyRunning() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CountPassedOver(size_t chosen) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int max_waiting_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<RenderTask> tasks_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::vector<uint64_t>> closed_ ABSL_GUARDED_BY(mutex_);  // by renderer
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<bool> running_ ABSL_GUARDED_BY(mutex_);  // by renderer
  int failed_starts_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status start_error_ ABSL_GUARDED_BY(mutex_);  // of the last failed start, until one succeeds
};

}  // namespace quire::server
