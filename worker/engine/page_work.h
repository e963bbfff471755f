#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "worker/engine/loop_detector.h"
#include "worker/engine/page_reader.h"
#include "worker/engine/preprocess.h"
#include "worker/text/prompt.h"
#include "worker/text/utf8_stream.h"

namespace quire::worker {

// One page on its way through the engine. It is with one thread at a time: preparing, model,
// finishing; only `cancelled` is set by others.
struct PageWork {
  using Clock = std::chrono::steady_clock;

  PageRequest request;
  PageCallbacks callbacks;
  Clock::time_point arrived = Clock::now();
  std::atomic<bool> cancelled{false};

  // One image of the prompt.
  struct ImageViews {
    ViewPlan plan;
    PageViews views;
  };

  // Prepared.
  std::vector<ImageViews> images;
  Prompt prompt;
  NgramBan ban;
  int max_new_tokens = 0;
  bool pixels_held = true;  // on_pixels_released is still due

  // With the model.
  std::vector<at::Tensor> features;  // of each encoded view, [1, patches, hidden]
  at::Tensor hidden;                 // [prompt rows, hidden], once all views are encoded
  int prefilled = 0;                 // rows of it that are in the cache
  int sequence = -1;                 // in the KV cache
  std::vector<int> ids;              // written
  double log_probability = 0;        // sum over ids
  double text_log_probability = 0;   // the same over those that are outside of layout tags
  int text_tokens = 0;               // their number
  bool in_layout_tag = false;
  LoopDetector loop;
  Utf8Stream stream;
  FinishReason finish_reason = FinishReason::kStop;
  int kept_ids = -1;  // ids worth keeping; -1: all

  StageSeconds seconds;
  StageStarts starts;
  double first_token_seconds = 0;  // since it arrived
  absl::Status failure;  // why it ended, unless it was read

  // A stage that began at `now`: noted the first time.
  void NoteStart(double& start, Clock::time_point now) const {
    if (start == 0) start = std::chrono::duration<double>(now - arrived).count();
  }
  int views_left() const {
    int views = -static_cast<int>(features.size());
    for (const ImageViews& image : images) views += image.plan.views();
    return views;
  }
  bool writing() const { return hidden.defined() && prefilled == hidden.size(0); }
};

}  // namespace quire::worker
