#pragma once

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "quire/render/v1/render.pb.h"
#include "server/arena.h"
#include "server/render_pool.h"
#include "server/render_process.h"
#include "server/render_queue.h"
#include "server/restart_policy.h"

namespace quire::server {

// A thread with one renderer process and the arena that it draws into: takes what waits in the queue,
// has it done, and starts the process again when it died, hung or grew old. The queue, which outlives
// it, has to be stopped before the destructor waits for the thread.
class Renderer {
 public:
  struct Parts {
    const RenderPoolOptions& options;
    const RenderKillObserver& observer;
    RenderQueue& queue;
    std::shared_ptr<Arena> arena;  // second owner: pages that were drawn
    int index = 0;                 // among the renderers
    int stop_fd = -1;
  };
  explicit Renderer(Parts parts);
  ~Renderer() { thread_.join(); }
  Renderer(const Renderer&) = delete;
  Renderer& operator=(const Renderer&) = delete;

 private:
  using Request = quire::render::v1::RenderRequest;
  using Reply = quire::render::v1::RenderReply;

  // What is being done, for the error if the renderer fails at it.
  struct Work {
    std::string subject;  // "page 3"
    std::string verb;     // "draw"
  };

  void Run();
  bool EnsureRunning();
  void EndProcess();
  void Serve(RenderTurn turn);
  void Forget(const std::vector<uint64_t>& documents);
  void Open(OpenTask task);
  void Draw(DrawTask task, ArenaSpan grant);
  absl::StatusOr<RenderedPage> DrawInto(ArenaSpan& grant, const RenderDocument& document,
                                        const RenderPool::PageSpec& page);
  absl::StatusOr<Reply> DrawOrOpenAgain(const Request& request, const RenderDocument& document,
                                        const Work& work);
  absl::StatusOr<Reply> OpenHere(const RenderDocument& document, const Work& work);
  absl::StatusOr<Reply> Exchange(const Request& request, int fd, const Work& work);
  absl::Status Blame(const absl::Status& status, const Work& work);

  const Parts parts_;
  RestartPolicy policy_;
  std::unique_ptr<RenderProcess> process_;
  std::set<uint64_t> open_;  // documents that the process has
  int opened_ = 0;           // documents that the process was given
  std::thread thread_;       // the last member: it uses the others
};

}  // namespace quire::server
