#pragma once

// The seam between what speaks to the front and what computes: nothing above it knows tensors,
// nothing below it knows requests.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "worker/image/pixels.h"
#include "worker/image/tiling.h"
#include "worker/text/page_text.h"
#include "worker/text/prompt.h"

namespace quire::worker {

// A ban on repeating runs of `size` tokens within the last `window`; size 0: none.
struct NgramBan {
  int size = 0;
  int window = 0;
};

// One page to read.
struct PageRequest {
  uint64_t job_id = 0;
  PixelView pixels;  // valid until PageCallbacks::on_pixels_released
  std::vector<PixelView> more_images;  // of the same prompt, behind `pixels`; valid as long
  Task task = Task::kMarkdown;
  std::string argument;  // for kLocate and kCustom
  Mode mode = Mode::kDefault;
  std::optional<NgramBan> ngram_ban;  // the model's own when absent
  int max_tokens = 0;                 // 0: the model's context
  bool stream_text = false;
  bool alone = false;  // nothing else may be read meanwhile; AloneGate sees to it
  bool find_orientation = false;  // the page may be turned; UprightReader sees to it
  int opening_tokens = 0;         // on_opening is called after so many; 0: never
  bool look_once = false;         // no SecondLook
};

enum class FinishReason { kStop, kLength, kRepetition, kUnreadable };

// Seconds of a page's stages in the worker.
struct StageSeconds {
  double queue = 0;  // waiting for a slot, a batch or the model thread
  double transfer = 0, preprocess = 0, tokenize = 0, vision = 0, prefill = 0, decode = 0;
  double postprocess = 0;
};

// When stages first began, in seconds from Read() on; 0 where they did not.
struct StageStarts {
  double tokenize = 0, preprocess = 0, vision = 0, prefill = 0, decode = 0, postprocess = 0;
};

// A page that was read.
struct PageOutput {
  std::string raw;  // tags included
  PageText text;  // boxes are in the first image's pixels
  // Of a page whose text_log_probability is below -SecondLookRule::unreadable: its readable parts, and
  // what share of the text's tokens they hold.
  PageText readable_text;
  double readable_share = 0;
  FinishReason finish_reason = FinishReason::kStop;
  double mean_log_probability = 0;  // of the tokens of `raw`, and of the end token
  double text_log_probability = 0;  // the same without layout tags: a box's edges are never quite sure
  int prompt_tokens = 0;  // begin token, vision rows and text
  int vision_tokens = 0;
  int output_tokens = 0;  // end token included
  int text_tokens = 0;    // of them, outside of layout tags and without the end token
  StageSeconds seconds;
  StageStarts starts;
  double first_token_seconds = 0;  // from Read() on; 0: unknown
  int turned_degrees = 0;  // clockwise, before it was read; boxes are those of the page as it came
  bool margins_cut = false;  // before it was read, by SecondLook; boxes are those of the page as it came
  std::vector<int> output_ids;     // end token included
};

// How a page's course is told. Called from threads of the reader, in this order, never after
// on_done; they must not block.
struct PageCallbacks {
  std::function<void()> on_started;                   // left the queue
  std::function<void()> on_pixels_released;           // the pixels may go; exactly once
  std::function<void(std::string text)> on_text;      // complete UTF-8; only with stream_text
  // Once, unless the page ends before: the mean of the first opening_tokens' log-probabilities.
  // False ends the page there, as its token cap would.
  std::function<bool(double mean_log_probability)> on_opening;
  std::function<void(absl::StatusOr<PageOutput>)> on_done;  // exactly once, last
};

// Where the time of decode steps went: sums over the steps that were timed (--profile).
struct DecodeProfile {
  int64_t steps = 0;
  int64_t tokens = 0;  // that they wrote
  double attention_seconds = 0, experts_seconds = 0, head_seconds = 0, sampling_seconds = 0;
  double other_seconds = 0;  // what is left of the steps, a device's waiting for the host included
};

// What stands still when the device hangs, and what it holds.
struct ReaderStats {
  int pages = 0;              // given and not yet done
  uint64_t engine_steps = 0;  // view batches, prefill chunks and decode steps since the start
  int batch_size = 0;         // sequences of the last decode step
  int64_t kv_cache_tokens = 0;
  int64_t kv_cache_capacity_tokens = 0;  // 0: unknown
  int64_t device_memory_used_bytes = 0;  // of tensors; 0 on a CPU
  int64_t device_memory_peak_bytes = 0;  // most at once since the start
  DecodeProfile decode_profile;  // all 0 when nothing is timed
  bool broken = false;  // the device failed for good: only a new process can read again
};

// When a page is read a second time, as nats a token: what -text_log_probability is compared with.
struct SecondLookRule {
  double doubt = 0;       // above it the first reading is doubtful; 0: never a second look
  double invention = 0;   // above it the first reading is worth less than none
  double unreadable = 0;  // above it the better one's text is left out, but for what is readable of it; 0: never
};

// What a reader is, for the front.
struct ReaderInfo {
  std::string device;  // "cpu", "cuda:0", ...
  std::string dtype;   // "f32", ...
  int64_t device_memory_bytes = 0;
  std::string model;        // registry key
  std::string fingerprint;  // of the weights
  std::vector<Mode> modes;
  std::vector<Task> tasks;
  std::vector<std::string> languages;
  int context_tokens = 0;
  int slots = 1;
  double load_seconds = 0;
  int render_long_side_px = 0;
  double render_dpi = 0;
  int max_vision_tokens = 0;
  SecondLookRule second_look;  // for the worker itself
};

// Reads pages. Thread-safe. The destructor cancels what runs and waits for it.
class PageReader {
 public:
  virtual ~PageReader() = default;

  // Takes a page; never blocks. Every outcome comes through `callbacks`: InvalidArgument for a task
  // or mode that the model does not know (it names those it does), ResourceExhausted when more than
  // slots() pages are in work or memory ran out, Cancelled after Cancel, Internal for a failure of
  // the device.
  virtual void Read(PageRequest request, PageCallbacks callbacks) = 0;
  // The page ends with Cancelled at the next block or step; nothing happens when it is done
  // already.
  virtual void Cancel(uint64_t job_id) = 0;

  virtual const ReaderInfo& info() const = 0;
  virtual ReaderStats stats() const = 0;
};

}  // namespace quire::worker
