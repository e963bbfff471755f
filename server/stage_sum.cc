#include "server/stage_sum.h"

namespace quire::server {

void AddStages(const quire::v1::StageSeconds& page, quire::v1::StageSeconds& sum) {
  sum.set_queue(sum.queue() + page.queue());
  sum.set_render(sum.render() + page.render());
  sum.set_transfer(sum.transfer() + page.transfer());
  sum.set_preprocess(sum.preprocess() + page.preprocess());
  sum.set_tokenize(sum.tokenize() + page.tokenize());
  sum.set_vision(sum.vision() + page.vision());
  sum.set_prefill(sum.prefill() + page.prefill());
  sum.set_decode(sum.decode() + page.decode());
  sum.set_postprocess(sum.postprocess() + page.postprocess());
}

}  // namespace quire::server
