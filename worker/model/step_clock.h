#pragma once

namespace quire::worker {

// Parts of a decode step. Feed-forward layers without experts count as experts; kOther is what none of
// the others is.
enum class StepPart { kOther, kAttention, kExperts, kHead, kSampling };

// Is told by a step where its parts begin, so that they can be timed.
class StepClock {
 public:
  virtual ~StepClock() = default;
  // What the step does from here on is `part`. On the step's own thread.
  virtual void Begin(StepPart part) = 0;
};

// Nothing where nobody measures: `clock` is null.
inline void BeginPart(StepClock* clock, StepPart part) {
  if (clock != nullptr) clock->Begin(part);
}

}  // namespace quire::worker
