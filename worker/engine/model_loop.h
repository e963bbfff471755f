#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "proto/mutex.h"
#include "worker/engine/decode_profiler.h"
#include "worker/engine/page_model.h"
#include "worker/engine/page_reader.h"
#include "worker/engine/page_work.h"
#include "worker/engine/scheduler.h"
#include "worker/text/tokenizer.h"

namespace quire::worker {

// The bytes that a token adds to a page's text: none for begin, end and pad.
std::string_view PrintedBytes(const Tokenizer& tokenizer, const ModelConfig& config, int id);

// The pages that are with the model, and the steps that carry them on. The model thread's alone, but
// for StopEncoding and the counters.
class ModelLoop {
 public:
  using Work = std::shared_ptr<PageWork>;

  struct Options {
    int64_t cache_tokens = 0;  // room of the KV cache
    std::string device;        // of the model: "cpu", "cuda:0", ...
    int profile_every = 0;     // see DecodeProfiler
  };

  ModelLoop(const PageModel& model, const Tokenizer& tokenizer, SchedulerRules rules,
            const Options& options);

  void Add(Work work) {
    work->loops_left = model_.config().reading.loop_breaks;
    pages_.push_back(std::move(work));
  }
  bool empty() const { return pages_.empty(); }
  // One step. Pages that ended in it (read, cancelled or failed) are handed over.
  std::vector<Work> RunStep();
  // Everything fails with this status.
  std::vector<Work> FailAll(const absl::Status& status);

  // Any thread: if every page whose views are being encoded now is cancelled, encoding stops.
  void StopEncodingIfCancelled();
  uint64_t steps() const { return steps_; }
  int batch_size() const { return batch_size_; }
  int64_t cache_tokens() const { return cache_tokens_; }
  int64_t cache_capacity_tokens() const { return cache_->capacity_tokens(); }
  DecodeProfile decode_profile() const { return profiler_.profile(); }
  bool broken() const { return broken_; }

 private:
  // What a token is to layout tags, <|ref|>...<|/ref|> and <|det|>...<|/det|>.
  enum class TagMark : int8_t { kNone, kBegin, kEnd };

  static TagMark MarkOf(std::string_view bytes);
  void Encode(const SchedulerStep& step);
  void EncodeBatch(std::span<const Work> owners, std::span<const at::Tensor> views);
  bool TryToEncode(std::span<const Work> owners, std::span<const at::Tensor> views);
  void Assemble(PageWork& work);
  void Prefill(const SchedulerStep::Share& share);
  void Decode();
  void Write(PageWork& work, int id, double log_probability);
  // Takes back what a loop wrote after its second round, and bars the token that would begin the third.
  // False where the loop stays and ends the page.
  bool BreakLoop(PageWork& work);
  TokenKind KindOfId(int id) const;
  std::vector<std::vector<int>> Banned(const std::vector<Work>& writing) const;
  std::vector<Work> TakeEnded();
  Work Find(uint64_t job_id) const;
  void FailStep(const absl::Status& status);

  const PageModel& model_;
  const Tokenizer& tokenizer_;
  Scheduler scheduler_;
  std::unique_ptr<KvCache> cache_;
  DecodeProfiler profiler_;
  std::vector<TokenKind> kinds_;  // by id
  std::vector<TagMark> marks_;    // by id
  std::vector<Work> pages_;       // in order of arrival
  std::vector<Work> ended_;
  size_t most_views_ = std::numeric_limits<size_t>::max();  // that the device had memory for at once

  Mutex encoding_mutex_;
  std::vector<Work> encoding_ ABSL_GUARDED_BY(encoding_mutex_);
  std::atomic<bool> stop_encoding_{false};
  std::atomic<uint64_t> steps_{0};
  std::atomic<int> batch_size_{0};
  std::atomic<int64_t> cache_tokens_{0};
  std::atomic<bool> broken_{false};
};

}  // namespace quire::worker
