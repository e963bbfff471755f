#include "worker/engine/scheduler.h"

#include <algorithm>

namespace quire::worker {

SchedulerStep Scheduler::Next(const std::vector<SchedulerPage>& pages) {
  const bool decoding = std::any_of(pages.begin(), pages.end(), [](const SchedulerPage& page) {
    return page.views_left == 0 && page.prefill_left == 0;
  });
  if (decoding && decode_steps_ < rules_.decode_steps_between) {
    ++decode_steps_;
    return {.kind = StepKind::kDecode};
  }
  SchedulerStep step = NextEncodeOrPrefill(pages);
  if (step.kind != StepKind::kNothing) {
    decode_steps_ = 0;
    return step;
  }
  if (decoding) step.kind = StepKind::kDecode;
  return step;
}

SchedulerStep Scheduler::NextEncodeOrPrefill(const std::vector<SchedulerPage>& pages) const {
  // A page whose views are done prefills before others are encoded: the sooner it writes.
  for (const SchedulerPage& page : pages) {
    if (page.views_left == 0 && page.prefill_left > 0) {
      return {.kind = StepKind::kPrefill,
              .shares = {{page.job_id, std::min(page.prefill_left, rules_.prefill_rows)}}};
    }
  }
  SchedulerStep step;
  int room = rules_.max_batch_views;
  for (const SchedulerPage& page : pages) {
    const int views = std::min(page.views_left, room);
    if (views == 0) continue;
    step.kind = StepKind::kEncode;
    step.shares.push_back({page.job_id, views});
    room -= views;
  }
  return step;
}

}  // namespace quire::worker
