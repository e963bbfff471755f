#include "server/job_message.h"

#include <algorithm>

#include "proto/text_distance/letter_distance.h"

namespace quire::server {
namespace {

// A worker counts from the job's coming on; what never began stays 0.
void SetStarts(const quire::v1::PageResult& facts, quire::v1::StageStarts& starts) {
  const double sent = facts.first_token_seconds();
  const auto shifted = [sent](double start) { return start > 0 ? start + sent : 0; };
  starts.set_render(facts.starts().render());
  starts.set_transfer(sent);
  starts.set_tokenize(shifted(starts.tokenize()));
  starts.set_preprocess(shifted(starts.preprocess()));
  starts.set_vision(shifted(starts.vision()));
  starts.set_prefill(shifted(starts.prefill()));
  starts.set_decode(shifted(starts.decode()));
  starts.set_postprocess(shifted(starts.postprocess()));
}

}  // namespace

quire::v1::PageResult FactsOf(int page_number, const RenderedPage& drawn) {
  quire::v1::PageResult facts;
  facts.set_page_number(page_number);
  facts.set_width_px(drawn.width_px);
  facts.set_height_px(drawn.height_px);
  facts.set_render_dpi(drawn.dpi);
  facts.set_width_points(drawn.width_points);
  facts.set_height_points(drawn.height_points);
  facts.set_rotation_degrees(drawn.rotation_degrees);
  facts.set_deskewed_degrees(drawn.deskewed_degrees);
  facts.set_frame_seconds(drawn.frame_seconds);
  facts.mutable_seconds()->set_render(drawn.seconds);
  return facts;
}

RenderPool::PageSpec MakePageSpec(const quire::v1::RecognizeOptions& options, int page_number,
                                  const RenderSize& size) {
  RenderPool::PageSpec spec{.page_index = page_number - 1, .size = size};
  if (options.dpi() > 0) spec.size = {.long_side_px = 0, .dpi = options.dpi()};
  spec.include_png = options.include_page_image();
  spec.include_uncleaned_png = options.include_uncleaned_image();
  spec.include_text_layer = options.text_layer() == quire::v1::TEXT_LAYER_USE ||
                            options.text_layer() == quire::v1::TEXT_LAYER_COMPARE;
  for (const int clean_up : options.clean_ups()) {
    spec.clean_ups.push_back(static_cast<quire::v1::CleanUp>(clean_up));
  }
  return spec;
}

bool IsWorthUsing(const std::optional<quire::render::v1::PageTextLayer>& layer) {
  if (!layer.has_value()) return false;
  const std::string_view beginning(layer->text().data(),
                                   std::min(layer->text().size(), size_t{4096}));
  return Letters(beginning).size() >= kFewestLayerLetters;
}

quire::v1::PageResult ResultOfLayer(const quire::render::v1::PageTextLayer& layer) {
  quire::v1::PageResult result;
  result.set_markdown(layer.text());
  result.set_text(layer.text());
  *result.mutable_blocks() = layer.blocks();
  result.set_finish_reason(quire::v1::FINISH_REASON_STOP);
  result.set_text_source(quire::v1::TEXT_SOURCE_TEXT_LAYER);
  return result;
}

quire::worker::v1::PageJob MakePageJob(const quire::v1::RecognizeOptions& options,
                                       const quire::v1::PageResult& facts) {
  quire::worker::v1::PageJob job;
  job.set_request_id(options.request_id());
  job.set_page_number(facts.page_number());
  job.set_width_px(facts.width_px());
  job.set_height_px(facts.height_px());
  job.set_task(options.task() == quire::v1::TASK_UNSPECIFIED ? quire::v1::TASK_MARKDOWN
                                                             : options.task());
  job.set_custom_prompt(options.custom_prompt());
  job.set_locate_text(options.locate_text());
  job.set_mode(options.mode());
  if (options.has_ngram_ban()) *job.mutable_ngram_ban() = options.ngram_ban();
  job.set_max_tokens(options.max_tokens_per_page());
  job.set_stream_text(options.stream_text());
  job.set_include_raw_output(options.include_raw_output());
  job.set_find_orientation(options.orient() == quire::v1::ORIENT_AUTO);
  return job;
}

void CompleteResult(const quire::v1::PageResult& facts, double total_seconds,
                    const quire::v1::RecognizeOptions& options, quire::v1::PageResult& result) {
  result.set_page_number(facts.page_number());
  result.set_width_px(facts.width_px());
  result.set_height_px(facts.height_px());
  result.set_render_dpi(facts.render_dpi());
  result.set_width_points(facts.width_points());
  result.set_height_points(facts.height_points());
  result.set_rotation_degrees(facts.rotation_degrees());
  result.set_deskewed_degrees(facts.deskewed_degrees());
  result.set_frame_seconds(facts.frame_seconds());
  result.set_total_seconds(total_seconds);
  if (result.first_token_seconds() > 0) {
    result.set_first_token_seconds(facts.first_token_seconds() + result.first_token_seconds());
  }
  if (result.has_starts()) SetStarts(facts, *result.mutable_starts());
  if (options.omit_blocks()) result.clear_blocks();
  if (!options.include_raw_output()) result.clear_raw_output();

  quire::v1::StageSeconds& seconds = *result.mutable_seconds();
  seconds.set_render(facts.seconds().render());
  seconds.set_transfer(seconds.transfer() + facts.seconds().transfer());
  const double at_work = seconds.render() + seconds.transfer() + seconds.preprocess() +
                         seconds.tokenize() + seconds.vision() + seconds.prefill() +
                         seconds.decode() + seconds.postprocess();
  seconds.set_queue(std::max(0.0, total_seconds - at_work));
}

}  // namespace quire::server
