#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quire/v1/ocr.pb.h"
#include "server/event_loop.h"
#include "server/limits.h"
#include "server/metrics.h"
#include "server/outbox.h"
#include "server/page_attempts.h"
#include "server/page_queue.h"
#include "server/page_ranges.h"
#include "server/prompt_images.h"
#include "server/render_pool.h"
#include "server/worker_registry.h"

namespace quire::server {

// Hears of one document's pages. Called on the loop; may call Dispatcher::Remove().
class PageListener {
 public:
  virtual ~PageListener() = default;
  virtual void OnPageStarted(int page_number, int attempt, const std::string& worker_id) = 0;
  virtual void OnPageText(int page_number, int attempt, std::string text) = 0;
  // One of these two for each page, once.
  virtual void OnPageRead(quire::v1::PageResult page, const PageImages& images) = 0;
  virtual void OnPageFailed(int page_number, int attempts, const absl::Status& status) = 0;
  // No attached worker can read it and none has come for FrontLimits::worker_wait_seconds.
  virtual void OnNoWorker(const absl::Status& status) = 0;
};

// A document whose pages are to be read.
struct DocumentWork {
  std::shared_ptr<RenderDocument> render;  // second owner: drawings under way
  quire::v1::RecognizeOptions options;
  PageRanges pages;  // with closed ends
  // Above 1: `pages` is the first alone, and so many from it on are the images of its prompt.
  // Together they count as one page in FrontLimits::max_page_pixels.
  int pages_in_prompt = 1;
  std::string document_id, traceparent;  // for the workers' logs
};

// Takes pages from the queue through drawing and reading: queue -> RenderPool -> placement ->
// WorkerRegistry -> listener, and again where a worker was lost or failed. As many pages of a model
// are under way as its workers have slots, and `renderers` more, so that drawing runs ahead of
// reading by that much. The first page of a document finds room for one more, and is read before
// drawn pages that are not: a document that comes waits for no more than the page being read. Lives
// on the loop.
class Dispatcher final : public JobEvents {
 public:
  using Clock = std::chrono::steady_clock;
  struct Parts {
    EventLoop& loop;
    RenderPool& render_pool;
    WorkerRegistry& registry;
    Metrics& metrics;
    FrontLimits limits;
    int renderers = 1;
  };

  explicit Dispatcher(const Parts& parts);

  // Takes a document in; `listener` must live until Remove(). Returns its number.
  uint64_t Add(DocumentWork work, PageListener& listener);
  // A page that ended has left for the client: the document's window opens by one.
  void Delivered(uint64_t document);
  // Nothing of the document is wanted any more: queued pages never start, running ones are
  // cancelled.
  void Remove(uint64_t document);
  // Looks for pages and documents that wait too long. Call about every quarter of a second.
  void Tick(Clock::time_point now);

  int waiting_pages() const { return queue_.waiting_pages(); }
  int documents() const { return queue_.documents(); }
  int pages_reading() const;
  int64_t pages_left() const { return queue_.pages_left() + static_cast<int64_t>(jobs_.size()); }

  void OnJobStarted(uint64_t job_id, const std::string& worker_id) override;
  void OnJobText(uint64_t job_id, std::string text) override;
  void OnJobDone(uint64_t job_id, quire::v1::PageResult page) override;
  void OnJobFailed(uint64_t job_id, const absl::Status& status, bool retryable) override;
  void OnJobsLost(const std::vector<LostJob>& jobs) override;
  void OnCapacityChanged() override;

 private:
  struct Document {
    DocumentWork work;
    PageListener* listener = nullptr;
    bool begun = false;  // a page of it was given to a renderer
    std::optional<Clock::time_point> unreadable_since;  // no attached worker can read it
  };
  // What a page keeps from one try to the next.
  struct Page {
    uint64_t document = 0;
    int number = 0;  // 1-based
    PageAttempts attempts;
    Clock::time_point entered;  // the queue, first time
  };
  // One try of a page: drawing, then drawn, then reading.
  struct Job {
    Page page;
    std::string model;  // key
    RenderPool::PageSpec spec;          // of what is being drawn
    std::optional<RenderedPage> drawn;  // all of it, until a worker has it
    PromptImages prompt_images;         // where there are several
    quire::v1::PageResult facts;        // size, dpi and seconds that the front knows
    PageImages images;
    std::optional<std::string> layer_text;  // to compare what is read with
    bool opens_document = false;        // is the first of its document
    bool is_reading = false;
    std::string worker_id;
    Clock::time_point sent;  // to the worker
  };
  using Jobs = std::map<uint64_t, Job>;

  void Pump();
  void PlaceDrawn();
  void TellOfWaiting();
  bool PlaceAlone(std::vector<WorkerLoad>& loads);
  void StartDrawing();
  void Draw(const PageQueue::Picked& picked);
  void Render(uint64_t job_id, const Job& job);
  void OnDrawn(uint64_t job_id, absl::StatusOr<RenderedPage> drawn);
  bool EndWithLayer(uint64_t job_id, const RenderedPage& drawn);
  absl::StatusOr<bool> Gather(Job& job, RenderedPage& drawn) const;
  void OnDrawingFailed(Job job, const absl::Status& status);
  void Send(uint64_t job_id, Job& job, const std::string& worker_id);
  std::optional<size_t> PoolFor(const Document& document) const;
  bool CanBeRead(const Document& document) const;
  PageAttempts::Verdict OnFailure(Job& job, const absl::Status& status);
  void TryAgain(Job job, std::string_view reason);
  void Fail(Job job, const absl::Status& status);
  std::optional<Job> Take(uint64_t job_id);

  const Parts parts_;
  PageQueue queue_;
  std::map<uint64_t, Document> documents_;
  Jobs jobs_;                                              // by job id, the oldest first
  std::map<std::pair<uint64_t, int>, Page> tried_;         // pages that wait again
  std::vector<ModelPool> pools_;                           // of the registry
  std::map<std::string, int> under_way_;                   // jobs by model
  uint64_t next_document_ = 1;
  uint64_t next_job_id_ = 1;
};

}  // namespace quire::server
