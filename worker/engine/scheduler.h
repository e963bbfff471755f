#pragma once

#include <cstdint>
#include <vector>

namespace quire::worker {

// What the model thread does next. Pure: it holds no tensor, clock or thread.
struct SchedulerRules {
  int max_batch_views = 4;      // views encoded at once
  int prefill_rows = 512;       // rows of a prompt per step
  int decode_steps_between = 4; // decode steps after each other step while pages are decoding
};

// One page as the scheduler sees it, in order of arrival.
struct SchedulerPage {
  uint64_t job_id = 0;
  int views_left = 0;    // not yet encoded
  int prefill_left = 0;  // rows of the prompt not yet in the cache; counts once views_left is 0
};

enum class StepKind { kNothing, kEncode, kPrefill, kDecode };

struct SchedulerStep {
  StepKind kind = StepKind::kNothing;
  // kEncode: pages and how many of their views; kPrefill: one page and rows; kDecode: every page
  // that is neither encoded nor prefilled any more, not listed.
  struct Share {
    uint64_t job_id = 0;
    int amount = 0;
    bool operator==(const Share&) const = default;
  };
  std::vector<Share> shares;
};

// Chooses steps so that a page's views and prompt go through in order of arrival, views of several
// pages share a batch, and pages that are already writing go on writing in between.
class Scheduler {
 public:
  explicit Scheduler(SchedulerRules rules) : rules_(rules) {}
  SchedulerStep Next(const std::vector<SchedulerPage>& pages);

 private:
  SchedulerStep NextEncodeOrPrefill(const std::vector<SchedulerPage>& pages) const;
  SchedulerRules rules_;
  int decode_steps_ = 0;  // since the last other step
};

}  // namespace quire::worker
