#include "client/json_format.h"

#include "client/names.h"
#include "client/summary.h"
#include "proto/rich_status.h"

namespace quire::client {
namespace {

Json BoxToJson(const v1::Box& box) {
  return {{"left_px", box.left_px()},   {"top_px", box.top_px()},
          {"right_px", box.right_px()}, {"bottom_px", box.bottom_px()},
          {"left", box.left()},         {"top", box.top()},
          {"right", box.right()},       {"bottom", box.bottom()}};
}

Json BlockToJson(const v1::Block& block) {
  Json boxes = Json::array();
  for (const v1::Box& box : block.boxes()) boxes.push_back(BoxToJson(box));
  return {{"label", block.label()}, {"text", block.text()}, {"boxes", std::move(boxes)}};
}

// What was found out beside the text, where something was.
void AddTreatment(const v1::PageResult& page, Json& json) {
  json["text_source"] = page.text_source() == v1::TEXT_SOURCE_TEXT_LAYER ? "text-layer" : "model";
  json["turned_degrees"] = page.turned_degrees();
  json["margins_cut"] = page.margins_cut();
  if (page.has_text_layer()) {
    const bool has_text = page.text_layer().layer_characters() > 0;
    json["text_layer"] = {
        {"layer_characters", page.text_layer().layer_characters()},
        {"edit_distance", has_text ? Json(page.text_layer().edit_distance()) : Json()}};
  }
  if (page.deskewed_degrees() != 0) json["deskewed_degrees"] = page.deskewed_degrees();
  if (page.frame_seconds() > 0) json["frame_seconds"] = page.frame_seconds();
}

}  // namespace

Json SecondsToJson(const v1::StageSeconds& seconds) {
  Json json = Json::object();
  for (const StageTime& stage : StageTimes(seconds)) json[stage.name] = stage.seconds;
  return json;
}

Json PageToJson(const v1::PageResult& page) {
  Json blocks = Json::array();
  for (const v1::Block& block : page.blocks()) blocks.push_back(BlockToJson(block));
  Json json = {{"page_number", page.page_number()},
               {"status", "read"},
               {"markdown", page.markdown()},
               {"text", page.text()},
               {"blocks", std::move(blocks)},
               {"width_px", page.width_px()},
               {"height_px", page.height_px()},
               {"render_dpi", page.render_dpi()},
               {"width_points", page.width_points()},
               {"height_points", page.height_points()},
               {"rotation_degrees", page.rotation_degrees()},
               {"finish_reason", NameOf(page.finish_reason())},
               {"mean_log_probability", page.mean_log_probability()},
               {"prompt_tokens", page.prompt_tokens()},
               {"vision_tokens", page.vision_tokens()},
               {"output_tokens", page.output_tokens()},
               {"attempts", page.attempts()},
               {"worker_id", page.worker_id()},
               {"model", page.model()},
               {"total_seconds", page.total_seconds()},
               {"seconds", SecondsToJson(page.seconds())}};
  AddTreatment(page, json);
  if (!page.raw_output().empty()) json["raw_output"] = page.raw_output();
  return json;
}

Json FailedPageToJson(const v1::PageFailed& page) {
  return {{"page_number", page.page_number()},
          {"status", "failed"},
          {"attempts", page.attempts()},
          {"error", ErrorToJson(FromProto(page.status()))}};
}

Json DocumentToJson(const std::string& name, const v1::DocumentAccepted& accepted) {
  return {{"file", name},
          {"document_id", accepted.document_id()},
          {"request_id", accepted.request_id()},
          {"format", NameOf(accepted.format())},
          {"document_pages", accepted.document_pages()},
          {"selected_pages", accepted.selected_pages()},
          {"document_bytes", accepted.document_bytes()},
          {"pages_ahead", accepted.pages_ahead()}};
}

Json SummaryToJson(const v1::DocumentSummary& summary) {
  return {{"pages_read", summary.pages_read()},
          {"pages_failed", summary.pages_failed()},
          {"pages_per_minute", PagesPerMinute(summary.pages_read(), summary.total_seconds())},
          {"total_seconds", summary.total_seconds()},
          {"first_page_seconds", summary.first_page_seconds()},
          {"output_tokens", summary.output_tokens()},
          {"seconds", SecondsToJson(summary.seconds())}};
}

Json ErrorToJson(const absl::Status& status) {
  if (status.ok()) return nullptr;
  return {{"code", absl::StatusCodeToString(status.code())},
          {"reason", ReasonOf(status)},
          {"message", std::string(status.message())}};
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

}  // namespace quire::client
