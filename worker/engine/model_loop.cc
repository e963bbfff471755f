#include "worker/engine/model_loop.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "proto/check.h"
#include "worker/engine/ngram_ban.h"
#include "worker/engine/sampler.h"

namespace quire::worker {
namespace {

using Clock = PageWork::Clock;

double Seconds(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

TokenKind KindOf(std::string_view bytes) {
  if (bytes.starts_with("</tr")) return TokenKind::kRowEnd;
  static constexpr std::string_view kTableTags[] = {"<td", "</td", "<tr", "<table", "</table"};
  for (const std::string_view tag : kTableTags) {
    if (bytes.starts_with(tag)) return TokenKind::kTable;
  }
  const bool word = std::any_of(bytes.begin(), bytes.end(), [](unsigned char c) {
    return c >= 0x80 || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
  });
  if (word) return TokenKind::kWord;
  return bytes.find('\n') == std::string_view::npos ? TokenKind::kSign : TokenKind::kLineEnd;
}

// A page's view as a tensor over the page's own memory: [1, 3, side, side]. Views are counted
// through all images, each one's tiles before its global view.
at::Tensor ViewOf(PageWork& work, int index) {
  auto image = work.images.begin();
  for (; index >= image->plan.views(); ++image) index -= image->plan.views();
  const bool tile = index < image->plan.grid.tiles();
  const int64_t side = tile ? image->plan.tile_side : image->plan.global_side;
  float* data = tile ? image->views.tiles.data() + index * 3 * side * side
                     : image->views.global.data();
  return at::from_blob(data, {1, 3, side, side}, at::kFloat);
}

}  // namespace

ModelLoop::ModelLoop(const PageModel& model, const Tokenizer& tokenizer, SchedulerRules rules,
                     const Options& options)
    : model_(model),
      tokenizer_(tokenizer),
      scheduler_(rules),
      cache_(model.MakeKvCache(options.cache_tokens)),
      profiler_(options.profile_every, options.device) {
  for (int id = 0; id < tokenizer.size(); ++id) {
    kinds_.push_back(KindOf(tokenizer.Bytes(id)));
    marks_.push_back(MarkOf(tokenizer.Bytes(id)));
  }
}

ModelLoop::TagMark ModelLoop::MarkOf(std::string_view bytes) {
  if (bytes == "<|ref|>" || bytes == "<|det|>") return TagMark::kBegin;
  return bytes == "<|/ref|>" || bytes == "<|/det|>" ? TagMark::kEnd : TagMark::kNone;
}

std::vector<ModelLoop::Work> ModelLoop::RunStep() {
  for (const Work& work : pages_) {
    if (work->cancelled) work->failure = absl::CancelledError("cancelled");
  }
  std::vector<Work> cancelled = TakeEnded();
  if (!cancelled.empty()) return cancelled;
  std::vector<SchedulerPage> pages;
  for (const Work& work : pages_) {
    const int prefill = work->hidden.defined() ? static_cast<int>(work->hidden.size(0)) -
                                                     work->prefilled
                                               : 1;
    pages.push_back({work->request.job_id, work->views_left(), prefill});
  }
  const SchedulerStep step = scheduler_.Next(pages);
  const c10::InferenceMode no_gradients;
  // The place where libtorch's exceptions end, but for a batch of views that can be made smaller.
  try {
    switch (step.kind) {
      case StepKind::kEncode:
        Encode(step);
        break;
      case StepKind::kPrefill:
        Prefill(step.shares[0]);
        break;
      case StepKind::kDecode:
        Decode();
        break;
      case StepKind::kNothing:
        break;
    }
    ++steps_;
  } catch (const c10::OutOfMemoryError& error) {
    FailStep(absl::ResourceExhaustedError(
        absl::StrCat("the device has no memory left: ", error.what_without_backtrace())));
  } catch (const c10::Error& error) {
    broken_ = true;
    FailStep(absl::InternalError(absl::StrCat("the device failed: ", error.what_without_backtrace())));
  } catch (const std::exception& error) {
    broken_ = true;
    FailStep(absl::InternalError(absl::StrCat("the engine failed: ", error.what())));
  }
  std::vector<Work> ended = TakeEnded();
  cache_tokens_ = cache_->used_tokens();
  return ended;
}

void ModelLoop::Encode(const SchedulerStep& step) {
  const Clock::time_point begin = Clock::now();
  std::vector<Work> owners;
  std::vector<at::Tensor> views;
  for (const SchedulerStep::Share& share : step.shares) {
    const Work work = Find(share.job_id);
    const int done = static_cast<int>(work->features.size());
    for (int i = 0; i < share.amount; ++i) {
      owners.push_back(work);
      views.push_back(ViewOf(*work, done + i));
    }
  }
  {
    MutexLock lock(encoding_mutex_);
    encoding_ = owners;
    stop_encoding_ = false;
  }
  // Views of one size make a batch; a model whose tiles are smaller than its global view needs two.
  for (size_t at = 0; at < views.size();) {
    size_t end = at + 1;
    while (end < views.size() && views[end].size(3) == views[at].size(3)) ++end;
    EncodeBatch(std::span(owners).subspan(at, end - at), std::span(views).subspan(at, end - at));
    at = end;
  }
  {
    MutexLock lock(encoding_mutex_);
    encoding_.clear();
  }
  for (const SchedulerStep::Share& share : step.shares) {
    const Work work = Find(share.job_id);
    work->NoteStart(work->starts.vision, begin);
    work->seconds.vision += Seconds(begin);
    if (work->views_left() == 0 && !work->cancelled) Assemble(*work);
  }
}

// Views for which the device has no memory together are encoded in halves, these and later ones.
void ModelLoop::EncodeBatch(std::span<const Work> owners, std::span<const at::Tensor> views) {
  while (!views.empty()) {
    const size_t count = std::min(views.size(), most_views_);
    if (TryToEncode(owners.first(count), views.first(count))) {
      owners = owners.subspan(count);
      views = views.subspan(count);
    } else {
      most_views_ = count / 2;
    }
  }
}

// Encodes views as one batch; false when the device has no memory for it. A single view that finds
// none fails the step.
bool ModelLoop::TryToEncode(std::span<const Work> owners, std::span<const at::Tensor> views) {
  std::optional<at::Tensor> features;
  try {
    features = model_.EncodeViews(
        views.size() == 1 ? views[0] : at::cat({views.data(), views.size()}, 0), stop_encoding_);
  } catch (const c10::OutOfMemoryError&) {
    if (views.size() == 1) throw;
    return false;
  }
  if (!features) return true;  // all of them were cancelled
  for (size_t i = 0; i < owners.size(); ++i) {
    owners[i]->features.push_back(features->narrow(0, static_cast<int64_t>(i), 1));
  }
  return true;
}

void ModelLoop::Assemble(PageWork& work) {
  const Clock::time_point begin = Clock::now();
  work.NoteStart(work.starts.prefill, begin);
  std::vector<at::Tensor> rows;  // of each image, [vision rows, hidden]
  const at::Tensor* features = work.features.data();
  for (const PageWork::ImageViews& image : work.images) {
    const size_t count = image.plan.grid.tiles();
    const at::Tensor tiles = count > 0 ? at::cat({features, count}, 0) : at::Tensor();
    rows.push_back(model_.ArrangeRows(tiles, features[count], image.plan.grid));
    features += count + 1;
  }
  const absl::StatusOr<at::Tensor> hidden = model_.EmbedPrompt(work.prompt.ids, rows);
  QUIRE_CHECK(hidden.ok());  // the plan says how many placeholders there are, and how many rows
  work.hidden = *hidden;                                             // [prompt rows, hidden]
  for (PageWork::ImageViews& image : work.images) image.views = {};
  work.sequence = cache_->Open();
  work.seconds.prefill += Seconds(begin);
}

void ModelLoop::Prefill(const SchedulerStep::Share& share) {
  const Clock::time_point begin = Clock::now();
  const Work work = Find(share.job_id);
  const bool last = work->prefilled + share.amount == work->hidden.size(0);
  const StepSequence step{work->sequence, share.amount, last};
  // Pages are admitted only as far as the cache has room for all that they may write.
  QUIRE_CHECK(cache_->Reserve(work->sequence, share.amount));
  const at::Tensor logits =
      model_.Step(work->hidden.narrow(0, work->prefilled, share.amount), {&step, 1}, *cache_,
                  /*clock=*/nullptr);
  work->prefilled += share.amount;
  std::vector<Sample> samples;
  if (last) samples = SampleGreedily(logits, {});
  work->seconds.prefill += Seconds(begin);
  if (last) Write(*work, samples[0].id, samples[0].log_probability);
}

void ModelLoop::Decode() {
  const Clock::time_point begin = Clock::now();
  std::vector<Work> writing;
  std::vector<int> ids;
  std::vector<StepSequence> sequences;
  for (const Work& work : pages_) {
    if (!work->writing()) continue;
    QUIRE_CHECK(cache_->Reserve(work->sequence, 1));
    writing.push_back(work);
    ids.push_back(work->ids.back());
    sequences.push_back({work->sequence, 1, true});
  }
  StepClock* const clock = profiler_.BeginStep();
  const at::Tensor logits = model_.Step(model_.Embed(ids), sequences, *cache_, clock);
  BeginPart(clock, StepPart::kSampling);
  const std::vector<Sample> samples = SampleGreedily(logits, Banned(writing));
  profiler_.EndStep(static_cast<int>(writing.size()));
  batch_size_ = static_cast<int>(writing.size());
  const double seconds = Seconds(begin);
  for (size_t i = 0; i < writing.size(); ++i) {
    writing[i]->NoteStart(writing[i]->starts.decode, begin);
    writing[i]->seconds.decode += seconds;
    Write(*writing[i], samples[i].id, samples[i].log_probability);
  }
}

void ModelLoop::Write(PageWork& work, int id, double log_probability) {
  if (work.ids.empty()) work.first_token_seconds = Seconds(work.arrived);
  work.ids.push_back(id);
  work.log_probabilities.push_back(log_probability);
  const TagMark mark = id < static_cast<int>(marks_.size()) ? marks_[id] : TagMark::kNone;
  if (mark != TagMark::kNone) work.in_layout_tag = mark == TagMark::kBegin;
  if (mark == TagMark::kBegin) work.tag_begin = work.ids.size();
  work.in_text.push_back(mark == TagMark::kNone && !work.in_layout_tag);
  const bool end = id == model_.config().decoder.eos_token_id;
  if (!end && work.request.stream_text && work.callbacks.on_text) {
    if (std::string text = work.stream.Append(PrintedBytes(tokenizer_, model_.config(), id));
        !text.empty()) {
      work.callbacks.on_text(std::move(text));
    }
  }
  work.barred_id = -1;
  const bool loop = !end && work.loop.Add(id, KindOfId(id));
  if (loop && BreakLoop(work)) return;
  const auto tokens = static_cast<int>(work.ids.size());
  const bool unwanted = tokens == work.request.opening_tokens &&
                        !work.callbacks.on_opening(work.MeanLogProbability(/*text_only=*/false));
  const bool full = tokens >= work.max_new_tokens || unwanted;
  if (!end && !loop && !full) return;
  if (loop) work.kept_ids = work.loop.kept_tokens();
  work.finish_reason = end    ? FinishReason::kStop
                       : loop ? FinishReason::kRepetition
                              : FinishReason::kLength;
  if (work.in_layout_tag) {  // a tag that does not end is none
    std::fill(work.in_text.begin() + static_cast<std::ptrdiff_t>(work.tag_begin), work.in_text.end(), true);
  }
  const auto found = std::find_if(pages_.begin(), pages_.end(),
                                  [&](const Work& other) { return other.get() == &work; });
  ended_.push_back(*found);
}

TokenKind ModelLoop::KindOfId(int id) const {
  return id < static_cast<int>(kinds_.size()) ? kinds_[id] : TokenKind::kSign;
}

bool ModelLoop::BreakLoop(PageWork& work) {
  const int kept = work.loop.kept_tokens();
  // Text that was shown cannot be taken back, nor an opening that was judged; and half a box is none.
  if (work.loops_left == 0 || work.request.stream_text || kept < work.request.opening_tokens ||
      work.in_layout_tag || !work.in_text[kept - 1]) {
    return false;
  }
  --work.loops_left;
  work.barred_id = work.ids[kept];
  work.ids.resize(kept);
  work.log_probabilities.resize(kept);
  work.in_text.resize(kept);
  work.loop = LoopDetector();
  for (const int id : work.ids) work.loop.Add(id, KindOfId(id));
  // The last one is not in the cache yet: the next step is given it.
  cache_->Truncate(work.sequence, work.hidden.size(0) + kept - 1);
  return true;
}

std::vector<std::vector<int>> ModelLoop::Banned(const std::vector<Work>& writing) const {
  std::vector<std::vector<int>> banned;
  for (const Work& work : writing) {
    banned.push_back(
        BannedIds(work->ids, work->ban, model_.config().reading.ngram_exempt_ids));
    if (work->barred_id >= 0) banned.back().push_back(work->barred_id);
  }
  return banned;
}

std::vector<ModelLoop::Work> ModelLoop::TakeEnded() {
  std::vector<Work> taken = std::move(ended_);
  ended_.clear();
  for (const Work& work : pages_) {
    if (!work->failure.ok()) taken.push_back(work);
  }
  for (const Work& work : taken) {
    std::erase(pages_, work);
    if (work->sequence >= 0) cache_->Close(std::exchange(work->sequence, -1));
    work->features.clear();
    work->hidden = at::Tensor();
  }
  if (pages_.empty()) batch_size_ = 0;
  return taken;
}

std::vector<ModelLoop::Work> ModelLoop::FailAll(const absl::Status& status) {
  for (const Work& work : pages_) work->failure = status;
  return TakeEnded();
}

void ModelLoop::FailStep(const absl::Status& status) {
  ended_.clear();
  for (const Work& work : pages_) work->failure = status;
  MutexLock lock(encoding_mutex_);
  encoding_.clear();
}

ModelLoop::Work ModelLoop::Find(uint64_t job_id) const {
  const auto found = std::find_if(pages_.begin(), pages_.end(), [&](const Work& work) {
    return work->request.job_id == job_id;
  });
  QUIRE_CHECK(found != pages_.end());
  return *found;
}

void ModelLoop::StopEncodingIfCancelled() {
  MutexLock lock(encoding_mutex_);
  if (!encoding_.empty() && std::all_of(encoding_.begin(), encoding_.end(),
                                        [](const Work& work) { return work->cancelled.load(); })) {
    stop_encoding_ = true;
  }
}

std::string_view PrintedBytes(const Tokenizer& tokenizer, const ModelConfig& config, int id) {
  const bool silent = id == config.decoder.bos_token_id || id == config.decoder.eos_token_id ||
                      id == config.pad_token_id;
  return silent ? std::string_view() : tokenizer.Bytes(id);
}

}  // namespace quire::worker
