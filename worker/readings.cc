#include "worker/readings.h"

namespace quire::worker {
namespace {

double Sum(const StageSeconds& seconds) {
  return seconds.queue + seconds.transfer + seconds.preprocess + seconds.tokenize + seconds.vision +
         seconds.prefill + seconds.decode + seconds.postprocess;
}

}  // namespace

void AddSeconds(const StageSeconds& more, StageSeconds& sum) {
  sum.queue += more.queue;
  sum.transfer += more.transfer;
  sum.preprocess += more.preprocess;
  sum.tokenize += more.tokenize;
  sum.vision += more.vision;
  sum.prefill += more.prefill;
  sum.decode += more.decode;
  sum.postprocess += more.postprocess;
}

void EarlierReadings::Add(const PageOutput& output) {
  AddSeconds(output.seconds, spent_);
  if (!first_starts_) first_starts_ = output.starts;
}

void EarlierReadings::AddTo(PageOutput& output) const {
  if (!first_starts_) return;
  AddSeconds(spent_, output.seconds);
  output.starts = *first_starts_;
  if (output.first_token_seconds > 0) output.first_token_seconds += Sum(spent_);
}

}  // namespace quire::worker
