#include "server/render_pool.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "server/render_queue.h"
#include "server/renderer.h"

namespace quire::server {
namespace {

constexpr uint64_t kBytesPerPixel = 3;
constexpr uint64_t kLeastArenaBytes = 512 << 20;
constexpr uint64_t kUnknownPageBytes = 1 << 20;  // first try for a page of unknown size

// Room for three of the largest pages: one that is drawn, two that are on their way to a worker.
RenderPoolOptions WithArena(RenderPoolOptions options) {
  if (options.arena_bytes > 0) return options;
  const uint64_t largest = kBytesPerPixel * static_cast<uint64_t>(options.max_page_pixels);
  options.arena_bytes = std::max(kLeastArenaBytes, 3 * largest + (4 << 20));
  return options;
}

// A read-only descriptor of the same file, with a position of its own; -1 with errno.
int OpenReadOnly(int fd) {
  const int reopened = open(absl::StrCat("/proc/self/fd/", fd).c_str(), O_RDONLY | O_CLOEXEC);
  return reopened >= 0 ? reopened : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

// The pool of processes; see RenderPool.
class ProcessPool final : public RenderPool {
 public:
  ProcessPool(RenderPoolOptions options, RenderKillObserver observer)
      : options_(WithArena(std::move(options))),
        observer_(std::move(observer)),
        queue_(std::make_shared<RenderQueue>(options_.renderers, options_.max_waiting)) {}

  ~ProcessPool() override {
    queue_->Stop();
    const uint64_t one = 1;
    if (stop_fd_ >= 0) (void)!write(stop_fd_, &one, sizeof(one));
    renderers_.clear();
    queue_->FailAll(absl::UnavailableError("the server is stopping"));
    if (stop_fd_ >= 0) close(stop_fd_);
  }

  absl::Status Start() {
    stop_fd_ = eventfd(0, EFD_CLOEXEC);
    if (stop_fd_ < 0) {
      return absl::ResourceExhaustedError(
          absl::StrCat("no descriptor for the renderers: ", std::strerror(errno)));
    }
    const std::weak_ptr<RenderQueue> queue = queue_;  // spans may outlive the pool
    for (int i = 0; i < options_.renderers; ++i) {
      QUIRE_ASSIGN_OR_RETURN(std::shared_ptr<Arena> arena,
                             Arena::Create(options_.arena_bytes, [queue] {
                               if (const auto held = queue.lock()) held->ArenaReleased();
                             }));
      renderers_.push_back(std::make_unique<Renderer>(Renderer::Parts{.options = options_,
                                                                      .observer = observer_,
                                                                      .queue = *queue_,
                                                                      .arena = std::move(arena),
                                                                      .index = i,
                                                                      .stop_fd = stop_fd_}));
    }
    const absl::Status started = queue_->WaitForStart(options_.renderers);
    // At the server's start it is the installation that is wrong, not the moment.
    if (absl::IsUnavailable(started)) return absl::FailedPreconditionError(started.message());
    return started;
  }

  void Open(int fd, int64_t bytes, OpenSettings settings,
            std::function<void(absl::StatusOr<OpenedDocument>)> done) override {
    auto document = std::make_shared<RenderDocument>();
    document->fd = OpenReadOnly(fd);
    if (document->fd < 0) {
      return done(absl::ResourceExhaustedError(
          absl::StrCat("no descriptor for the document: ", std::strerror(errno))));
    }
    document->id = next_document_id_++;
    document->bytes = bytes;
    document->settings = std::move(settings);
    document->queue = queue_;
    Push(OpenTask{.document = std::move(document), .done = std::move(done)});
  }

  void Render(std::shared_ptr<RenderDocument> document, const PageSpec& page,
              std::function<void(absl::StatusOr<RenderedPage>)> done) override {
    Push(DrawTask{.document = document,
                  .document_id = document->id,
                  .page = page,
                  .arena_bytes = LikelyBytes(page.size),
                  .done = std::move(done)});
  }

  bool healthy() const override { return queue_->any_running(); }

 private:
  void Push(RenderTask task) {
    const absl::Status status = queue_->Push(task);
    if (!status.ok()) Fail(task, status);
  }

  // No page of a PDF needs more; an image may.
  uint64_t LikelyBytes(const RenderSize& size) const {
    const uint64_t side = static_cast<uint64_t>(std::max(size.long_side_px, 0));
    const uint64_t pixels = std::min(side * side, static_cast<uint64_t>(options_.max_page_pixels));
    const uint64_t likely = side > 0 ? kBytesPerPixel * pixels : kUnknownPageBytes;
    return std::clamp<uint64_t>(likely, 1, options_.arena_bytes);
  }

  const RenderPoolOptions options_;
  const RenderKillObserver observer_;
  const std::shared_ptr<RenderQueue> queue_;  // second owner for a moment: a document that goes
  std::atomic<uint64_t> next_document_id_ = 1;
  int stop_fd_ = -1;
  std::vector<std::unique_ptr<Renderer>> renderers_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RenderPool>> RenderPool::Create(RenderPoolOptions options,
                                                               RenderKillObserver observer) {
  if (!observer) observer = [](std::string_view) {};
  auto pool = std::make_unique<ProcessPool>(std::move(options), std::move(observer));
  QUIRE_RETURN_IF_ERROR(pool->Start());
  return pool;
}

}  // namespace quire::server
