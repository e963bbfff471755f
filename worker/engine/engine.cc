#include "worker/engine/engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "proto/status.h"
#include "worker/device/device.h"
#include "worker/engine/readable_parts.h"
#include "worker/layout/block_places.h"

namespace quire::worker {
namespace {

using Clock = PageWork::Clock;

double SecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// What a page waited: all of its time that no stage took.
double Waited(const PageWork& work) {
  const StageSeconds& s = work.seconds;
  return std::max(0.0, SecondsSince(work.arrived) - s.transfer - s.preprocess - s.tokenize -
                           s.vision - s.prefill - s.decode - s.postprocess);
}

}  // namespace

Engine::Engine(std::unique_ptr<PageModel> model, std::unique_ptr<Tokenizer> tokenizer,
               ReaderInfo info, SchedulerRules rules, int profile_every)
    : model_(std::move(model)),
      tokenizer_(std::move(tokenizer)),
      info_(std::move(info)),
      loop_(*model_, *tokenizer_, rules,
            {.cache_tokens = int64_t{info_.slots} * info_.context_tokens,
             .device = info_.device,
             .profile_every = profile_every}) {
  threads_.emplace_back([this] { PrepareLoop(); });
  threads_.emplace_back([this] { ModelThread(); });
  threads_.emplace_back([this] { FinishLoop(); });
}

Engine::~Engine() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    for (auto& [id, work] : pages_) work->cancelled = true;
    changed_.NotifyAll();
  }
  loop_.StopEncodingIfCancelled();
  for (std::thread& thread : threads_) thread.join();
}

void Engine::Read(PageRequest request, PageCallbacks callbacks) {
  auto work = std::make_shared<PageWork>();
  work->request = std::move(request);
  work->callbacks = std::move(callbacks);
  {
    MutexLock lock(mutex_);
    if (loop_.broken()) {
      work->failure = absl::InternalError("the device failed; this worker has to start again");
    } else if (static_cast<int>(pages_.size()) >= info_.slots) {
      work->failure = absl::ResourceExhaustedError(
          absl::StrFormat("all %d slots of this worker are taken", info_.slots));
    } else {
      pages_.emplace(work->request.job_id, work);
      unprepared_.push_back(std::move(work));
      changed_.NotifyAll();
      return;
    }
  }
  work->callbacks.on_pixels_released();
  work->callbacks.on_done(work->failure);
}

void Engine::Cancel(uint64_t job_id) {
  {
    MutexLock lock(mutex_);
    const auto found = pages_.find(job_id);
    if (found == pages_.end()) return;
    found->second->cancelled = true;
    changed_.NotifyAll();
  }
  loop_.StopEncodingIfCancelled();
}

ReaderStats Engine::stats() const {
  ReaderStats stats;
  stats.engine_steps = loop_.steps();
  stats.batch_size = loop_.batch_size();
  stats.kv_cache_tokens = loop_.cache_tokens();
  stats.kv_cache_capacity_tokens = loop_.cache_capacity_tokens();
  stats.decode_profile = loop_.decode_profile();
  stats.broken = loop_.broken();
  const DeviceMemory memory = MemoryOn(info_.device);
  stats.device_memory_used_bytes = memory.used_bytes;
  stats.device_memory_peak_bytes = memory.peak_bytes;
  MutexLock lock(mutex_);
  stats.pages = static_cast<int>(pages_.size());
  return stats;
}

Engine::Work Engine::Pop(std::deque<Work>& queue) {
  MutexLock lock(mutex_);
  while (queue.empty() && !stopping_) changed_.Wait(mutex_);
  if (queue.empty()) return nullptr;
  Work work = std::move(queue.front());
  queue.pop_front();
  return work;
}

void Engine::Push(std::deque<Work>& queue, Work work) {
  MutexLock lock(mutex_);
  queue.push_back(std::move(work));
  changed_.NotifyAll();
}

void Engine::PrepareLoop() {
  while (const Work work = Pop(unprepared_)) {
    if (work->cancelled) {
      work->failure = absl::CancelledError("cancelled");
    } else {
      work->callbacks.on_started();
      work->failure = Prepare(*work);
    }
    work->callbacks.on_pixels_released();
    work->pixels_held = false;
    Push(work->failure.ok() ? prepared_ : read_, work);
  }
}

absl::Status Engine::Prepare(PageWork& work) const {
  const ModelConfig& config = model_->config();
  const PageRequest& request = work.request;
  std::vector<PixelView> images = {request.pixels};
  images.insert(images.end(), request.more_images.begin(), request.more_images.end());
  int vision_rows = 0;
  for (const PixelView& image : images) {
    QUIRE_ASSIGN_OR_RETURN(ViewPlan plan,
                           PlanViews(image.width, image.height, request.mode, config.reading));
    vision_rows += plan.vision_rows();
    work.images.push_back({.plan = plan});
  }
  const Clock::time_point tokenizing = Clock::now();
  work.NoteStart(work.starts.tokenize, tokenizing);
  QUIRE_ASSIGN_OR_RETURN(work.prompt,
                         BuildPrompt(*tokenizer_, config.reading.prompts,
                                     {.task = request.task,
                                      .argument = request.argument,
                                      .vision_rows = vision_rows,
                                      .begin_id = config.decoder.bos_token_id,
                                      .image_id = config.image_token_id}));
  work.seconds.tokenize = SecondsSince(tokenizing);
  const int room = info_.context_tokens - static_cast<int>(work.prompt.ids.size());
  if (room < 1) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the prompt has %d tokens, %d of them of %d images, and the model's "
                        "context is %d: shorten it, take fewer images or a smaller mode",
                        work.prompt.ids.size(), vision_rows, images.size(), info_.context_tokens));
  }
  work.max_new_tokens = request.max_tokens > 0 ? std::min(request.max_tokens, room) : room;
  work.ban = request.ngram_ban.value_or(
      NgramBan{config.reading.ngram_size, config.reading.ngram_window});
  const Clock::time_point preprocessing = Clock::now();
  work.NoteStart(work.starts.preprocess, preprocessing);
  for (size_t i = 0; i < images.size(); ++i) {
    work.images[i].views = MakeViews(images[i], work.images[i].plan);
  }
  const bool one_page = request.task == Task::kMarkdown && images.size() == 1;
  if (config.reading.place_blocks && one_page) work.ink = FindInk(request.pixels);
  work.seconds.preprocess = SecondsSince(preprocessing);
  return absl::OkStatus();
}

void Engine::ModelThread() {
  while (true) {
    std::vector<Work> arrived;
    bool stop = false;
    {
      MutexLock lock(mutex_);
      while (prepared_.empty() && loop_.empty() && !stopping_) changed_.Wait(mutex_);
      arrived.assign(prepared_.begin(), prepared_.end());
      prepared_.clear();
      stop = stopping_;
    }
    for (Work& work : arrived) loop_.Add(std::move(work));
    if (stop) break;
    for (Work& work : loop_.RunStep()) Push(read_, std::move(work));
  }
  for (Work& work : loop_.FailAll(absl::CancelledError("the worker is stopping"))) {
    Push(read_, std::move(work));
  }
  MutexLock lock(mutex_);
  model_done_ = true;
  changed_.NotifyAll();
}

void Engine::FinishLoop() {
  while (true) {
    Work work;
    {
      MutexLock lock(mutex_);
      // The last to stop: every page that was taken is answered.
      while (read_.empty() && !(stopping_ && model_done_ && prepared_.empty() &&
                                unprepared_.empty() && pages_.empty())) {
        if (stopping_ && model_done_) {
          // What the other threads left behind when they stopped.
          for (std::deque<Work>* queue : {&unprepared_, &prepared_}) {
            for (Work& left : *queue) {
              left->failure = absl::CancelledError("the worker is stopping");
              read_.push_back(std::move(left));
            }
            queue->clear();
          }
          if (!read_.empty()) break;
        }
        changed_.Wait(mutex_);
      }
      if (read_.empty()) return;
      work = std::move(read_.front());
      read_.pop_front();
    }
    absl::StatusOr<PageOutput> output =
        work->failure.ok() ? absl::StatusOr<PageOutput>(Output(*work)) : work->failure;
    {
      // The slot is free before the front hears of it.
      MutexLock lock(mutex_);
      pages_.erase(work->request.job_id);
      changed_.NotifyAll();
    }
    if (work->pixels_held) work->callbacks.on_pixels_released();
    work->callbacks.on_done(std::move(output));
  }
}

std::vector<WrittenToken> Engine::Written(const PageWork& work) const {
  std::vector<WrittenToken> tokens;
  Utf8Stream text;
  for (size_t i = 0; i < work.kept(); ++i) {
    tokens.push_back({text.Append(PrintedBytes(*tokenizer_, model_->config(), work.ids[i])),
                      work.log_probabilities[i], work.in_text[i]});
  }
  if (!tokens.empty()) tokens.back().bytes += text.Finish();
  return tokens;
}

PageOutput Engine::Output(PageWork& work) const {
  const Clock::time_point begin = Clock::now();
  work.NoteStart(work.starts.postprocess, begin);
  PageOutput output;
  const std::vector<WrittenToken> written = Written(work);
  for (const WrittenToken& token : written) output.raw += token.bytes;
  if (work.request.stream_text && work.callbacks.on_text) {
    if (std::string rest = work.stream.Finish(); !rest.empty()) {
      work.callbacks.on_text(std::move(rest));
    }
  }
  const int width = work.request.pixels.width, height = work.request.pixels.height;
  output.text = ParsePageText(output.raw, width, height);
  PlaceBlocks(work.ink, width, height, output.text.blocks);
  output.finish_reason = work.finish_reason;
  output.mean_log_probability = work.MeanLogProbability(/*text_only=*/false);
  output.text_log_probability = work.MeanLogProbability(/*text_only=*/true);
  if (info_.second_look.unreadable > 0 && -output.text_log_probability > info_.second_look.unreadable) {
    const ReadableParts readable = KeepReadable(written, info_.second_look.unreadable / 2);
    output.readable_text = ParsePageText(readable.raw, width, height);
    output.readable_share = readable.share;
    PlaceBlocks(work.ink, width, height, output.readable_text.blocks);
  }
  output.prompt_tokens = static_cast<int>(work.prompt.ids.size());
  output.vision_tokens = work.prompt.vision_rows;
  output.output_tokens = static_cast<int>(work.ids.size());
  output.text_tokens = work.text_tokens(model_->config().decoder.eos_token_id);
  output.output_ids = std::move(work.ids);
  output.first_token_seconds = work.first_token_seconds;
  work.seconds.postprocess = SecondsSince(begin);
  work.seconds.queue = Waited(work);
  output.seconds = work.seconds;
  output.starts = work.starts;
  return output;
}

}  // namespace quire::worker
