#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "worker/engine/loop_detector.h"
#include "worker/engine/page_reader.h"
#include "worker/engine/preprocess.h"
#include "worker/layout/ink_lines.h"
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
  PageInk ink;  // of the page, where its blocks are to be placed
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
  std::vector<double> log_probabilities;  // of ids
  std::vector<bool> in_text;         // which ids are outside of layout tags
  bool in_layout_tag = false;
  size_t tag_begin = 0;  // of ids: behind the mark that began the latest tag
  LoopDetector loop;
  int loops_left = 0;    // that may be broken yet
  int barred_id = -1;    // must not be the next one: it would begin the loop again; -1: none
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
  size_t kept() const { return kept_ids < 0 ? ids.size() : static_cast<size_t>(kept_ids); }
  // Mean log-probability of the ids worth keeping: what a loop repeats is quite sure, and says nothing.
  //   text_only  of those outside of layout tags
  // 0 where there are none.
  double MeanLogProbability(bool text_only) const {
    double sum = 0;
    int count = 0;
    for (size_t i = 0; i < kept(); ++i) {
      if (text_only && !in_text[i]) continue;
      sum += log_probabilities[i];
      ++count;
    }
    return count > 0 ? sum / count : 0;
  }
  // Ids worth keeping outside of layout tags, but for `end_id`.
  int text_tokens(int end_id) const {
    int count = 0;
    for (size_t i = 0; i < kept(); ++i) count += in_text[i] && ids[i] != end_id;
    return count;
  }
  bool writing() const { return hidden.defined() && prefilled == hidden.size(0); }
};

}  // namespace quire::worker
