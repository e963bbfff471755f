#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "proto/mutex.h"
#include "worker/engine/model_loop.h"
#include "worker/engine/readable_parts.h"
#include "worker/engine/page_model.h"
#include "worker/engine/page_reader.h"
#include "worker/engine/page_work.h"
#include "worker/text/tokenizer.h"

namespace quire::worker {

// Reads several pages at once with one model: a thread prepares (views, prompt), the model thread
// encodes, prefills and decodes with continuous batching, a thread finishes (text, blocks). Thread-safe;
// tensors belong to the model thread alone.
class Engine : public PageReader {
 public:
  Engine(std::unique_ptr<PageModel> model, std::unique_ptr<Tokenizer> tokenizer, ReaderInfo info,
         SchedulerRules rules, int profile_every);
  ~Engine() override;

  void Read(PageRequest request, PageCallbacks callbacks) override;
  void Cancel(uint64_t job_id) override;
  const ReaderInfo& info() const override { return info_; }
  ReaderStats stats() const override;

 private:
  using Work = std::shared_ptr<PageWork>;

  // Blocks until there is one, nothing when the engine stops.
  Work Pop(std::deque<Work>& queue) ABSL_LOCKS_EXCLUDED(mutex_);
  void Push(std::deque<Work>& queue, Work work) ABSL_LOCKS_EXCLUDED(mutex_);
  void PrepareLoop();
  void ModelThread();
  void FinishLoop();
  absl::Status Prepare(PageWork& work) const;
  // The ids worth keeping, in whole characters: what one leaves open comes with the next.
  std::vector<WrittenToken> Written(const PageWork& work) const;
  PageOutput Output(PageWork& work) const;

  const std::unique_ptr<PageModel> model_;
  const std::unique_ptr<Tokenizer> tokenizer_;
  const ReaderInfo info_;
  ModelLoop loop_;  // the model thread's; its counters anybody's

  mutable Mutex mutex_;
  CondVar changed_;
  std::map<uint64_t, Work> pages_ ABSL_GUARDED_BY(mutex_);  // given and not yet done
  std::deque<Work> unprepared_ ABSL_GUARDED_BY(mutex_);
  std::deque<Work> prepared_ ABSL_GUARDED_BY(mutex_);
  std::deque<Work> read_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool model_done_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace quire::worker
