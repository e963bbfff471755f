#include "tests/support/fake_page_reader.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "absl/strings/str_format.h"
#include "proto/mutex.h"

namespace quire::worker {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kCacheTokensOfPage = 64;

double Seconds(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Steps of 10 ms, half of them attention.
DecodeProfile ProfileOf(int64_t steps) {
  const double seconds = 0.01 * static_cast<double>(steps);
  return {.steps = steps,
          .tokens = steps,
          .attention_seconds = 0.5 * seconds,
          .experts_seconds = 0.3 * seconds,
          .head_seconds = 0.1 * seconds,
          .sampling_seconds = 0.06 * seconds,
          .other_seconds = 0.04 * seconds};
}

class FakePageReader : public PageReader {
 public:
  explicit FakePageReader(const FakeReading& reading) : reading_(reading) {
    info_.device = "cpu";
    info_.dtype = "f32";
    info_.model = "fake";
    info_.fingerprint = "fake";
    info_.modes = {Mode::kBase, Mode::kAuto};
    info_.tasks = {Task::kMarkdown, Task::kFreeText};
    info_.context_tokens = 8192;
    info_.slots = reading.slots;
    info_.render_long_side_px = reading.long_side_px;
    info_.max_vision_tokens = 1;
    if (reading.second_look) info_.second_look = {.doubt = 0.5, .invention = 2};
    if (reading.unreadable) info_.second_look.unreadable = 0.75;
    for (int i = 0; i < reading.slots; ++i) threads_.emplace_back([this] { Work(); });
  }

  ~FakePageReader() override {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      changed_.NotifyAll();
    }
    for (std::thread& thread : threads_) thread.join();
  }

  void Read(PageRequest request, PageCallbacks callbacks) override {
    bool full = false;
    {
      MutexLock lock(mutex_);
      full = static_cast<int>(waiting_.size() + running_.size()) >= reading_.slots;
      if (!full) {
        waiting_.emplace_back(std::move(request), callbacks);
        changed_.NotifyAll();
      }
    }
    if (!full) return;
    callbacks.on_pixels_released();
    callbacks.on_done(absl::ResourceExhaustedError("every slot is taken"));
  }

  void Cancel(uint64_t job_id) override {
    MutexLock lock(mutex_);
    cancelled_.insert(job_id);
    changed_.NotifyAll();
  }

  const ReaderInfo& info() const override { return info_; }

  ReaderStats stats() const override {
    MutexLock lock(mutex_);
    ReaderStats stats;
    stats.pages = static_cast<int>(waiting_.size() + running_.size());
    stats.engine_steps = steps_;
    stats.batch_size = static_cast<int>(running_.size());
    stats.kv_cache_tokens = stats.batch_size * int64_t{kCacheTokensOfPage};
    stats.kv_cache_capacity_tokens = info_.slots * int64_t{kCacheTokensOfPage};
    if (reading_.profile) stats.decode_profile = ProfileOf(static_cast<int64_t>(steps_));
    stats.broken = broken_;
    return stats;
  }

 private:
  using Page = std::pair<PageRequest, PageCallbacks>;

  void Work() {
    while (true) {
      Page page;
      {
        MutexLock lock(mutex_);
        while (waiting_.empty() && !stopping_) changed_.Wait(mutex_);
        if (waiting_.empty()) return;
        page = std::move(waiting_.front());
        waiting_.erase(waiting_.begin());
        running_.insert(page.first.job_id);
      }
      absl::StatusOr<PageOutput> output = ReadOne(page);
      {
        MutexLock lock(mutex_);
        running_.erase(page.first.job_id);
        cancelled_.erase(page.first.job_id);
        short_of_memory_.erase(page.first.job_id);
      }
      page.second.on_done(std::move(output));
    }
  }

  absl::StatusOr<PageOutput> ReadOne(Page& page) {
    const auto& [request, callbacks] = page;
    callbacks.on_started();
    const int red = request.pixels.data[0];
    if (red == reading_.deadly_red) kill(getpid(), SIGKILL);
    const Clock::time_point begin = Clock::now();
    PageOutput output;
    output.raw = FakePageText(request.pixels);
    const int width = request.pixels.width, height = request.pixels.height;
    callbacks.on_pixels_released();
    for (int piece = 0; piece < reading_.pieces; ++piece) {
      const absl::Status status = Sleep(request.job_id, red == reading_.hanging_red);
      if (!status.ok()) return status;
      if (piece == 0) output.first_token_seconds = Seconds(begin);
      const size_t from = output.raw.size() * piece / reading_.pieces;
      const size_t to = output.raw.size() * (piece + 1) / reading_.pieces;
      if (request.stream_text) callbacks.on_text(output.raw.substr(from, to - from));
    }
    output.text.markdown = output.raw;
    output.text.text = output.raw;
    const bool whole = std::max(width, height) == reading_.long_side_px;
    if (reading_.second_look) output.text_log_probability = whole ? -1 : reading_.unreadable ? -0.8 : -0.01;
    output.prompt_tokens = 4;
    output.vision_tokens = 1;
    output.output_tokens = output.text_tokens = static_cast<int>(output.raw.size());
    output.starts.decode = 1e-6;  // at once
    output.seconds.decode = Seconds(begin);
    return output;
  }

  // A step. Cancelled when the page was, or the reader is to stop; the faults that were asked for.
  absl::Status Sleep(uint64_t job_id, bool for_ever) {
    const auto until = Clock::now() + std::chrono::microseconds(
                                          1000 * reading_.delay_ms / std::max(1, reading_.pieces));
    MutexLock lock(mutex_);
    while (!stopping_ && !cancelled_.contains(job_id) && !broken_) {
      if (for_ever) {
        changed_.Wait(mutex_);
      } else if (!changed_.WaitUntil(mutex_, until)) {
        return Step(job_id);
      }
    }
    return broken_ ? absl::InternalError("the device failed") : absl::CancelledError("cancelled");
  }

  absl::Status Step(uint64_t job_id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ++steps_;
    if (reading_.device_fault_at_step > 0 && steps_ >= uint64_t(reading_.device_fault_at_step)) {
      broken_ = true;
      changed_.NotifyAll();
      return absl::InternalError("the device failed: an illegal memory access was encountered");
    }
    const int pages = static_cast<int>(running_.size());
    if (reading_.out_of_memory_above_pages > 0 && pages > reading_.out_of_memory_above_pages) {
      short_of_memory_ = running_;
    }
    if (short_of_memory_.erase(job_id) == 0) return absl::OkStatus();
    return absl::ResourceExhaustedError("the device has no memory left: CUDA out of memory");
  }

  const FakeReading reading_;
  ReaderInfo info_;
  mutable Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t steps_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Page> waiting_ ABSL_GUARDED_BY(mutex_);
  std::set<uint64_t> running_ ABSL_GUARDED_BY(mutex_);
  std::set<uint64_t> cancelled_ ABSL_GUARDED_BY(mutex_);
  std::set<uint64_t> short_of_memory_ ABSL_GUARDED_BY(mutex_);  // pages of a step that found none
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<PageReader> MakeFakePageReader(const FakeReading& reading) {
  return std::make_unique<FakePageReader>(reading);
}

std::string FakePageText(PixelView pixels) {
  uint64_t sum = 14695981039346656037ULL;  // FNV-1a, 64 bits
  const size_t bytes = static_cast<size_t>(pixels.width) * pixels.height * 3;
  for (size_t i = 0; i < bytes; ++i) sum = (sum ^ pixels.data[i]) * 1099511628211ULL;
  return absl::StrFormat("page of %d x %d px, sum %016x", pixels.width, pixels.height, sum);
}

}  // namespace quire::worker
