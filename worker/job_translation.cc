#include "worker/job_translation.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "proto/text_distance/letter_distance.h"

namespace quire::worker {
namespace {

namespace wire = quire::worker::v1;
namespace api = quire::v1;

// So that the bytes of a job's pixels can be added up; what memory allows is checked by who has it.
constexpr int kMaxSidePx = 1 << 20;
constexpr int kMaxMoreImages = 63;

std::optional<Task> TaskFromWire(api::Task task) {
  switch (task) {
    case api::TASK_UNSPECIFIED:
    case api::TASK_MARKDOWN:
      return Task::kMarkdown;
    case api::TASK_FREE_TEXT:
      return Task::kFreeText;
    case api::TASK_FIGURE:
      return Task::kFigure;
    case api::TASK_DESCRIBE:
      return Task::kDescribe;
    case api::TASK_LOCATE:
      return Task::kLocate;
    case api::TASK_CUSTOM:
      return Task::kCustom;
    default:
      return std::nullopt;
  }
}

api::Task TaskToWire(Task task) {
  switch (task) {
    case Task::kMarkdown:
      return api::TASK_MARKDOWN;
    case Task::kFreeText:
      return api::TASK_FREE_TEXT;
    case Task::kFigure:
      return api::TASK_FIGURE;
    case Task::kDescribe:
      return api::TASK_DESCRIBE;
    case Task::kLocate:
      return api::TASK_LOCATE;
    case Task::kCustom:
      return api::TASK_CUSTOM;
  }
  return api::TASK_UNSPECIFIED;
}

std::optional<Mode> ModeFromWire(api::Mode mode) {
  switch (mode) {
    case api::MODE_UNSPECIFIED:
      return Mode::kDefault;
    case api::MODE_TINY:
      return Mode::kTiny;
    case api::MODE_SMALL:
      return Mode::kSmall;
    case api::MODE_BASE:
      return Mode::kBase;
    case api::MODE_LARGE:
      return Mode::kLarge;
    case api::MODE_GUNDAM:
      return Mode::kGundam;
    case api::MODE_AUTO:
      return Mode::kAuto;
    default:
      return std::nullopt;
  }
}

api::Mode ModeToWire(Mode mode) {
  switch (mode) {
    case Mode::kDefault:
      return api::MODE_UNSPECIFIED;
    case Mode::kTiny:
      return api::MODE_TINY;
    case Mode::kSmall:
      return api::MODE_SMALL;
    case Mode::kBase:
      return api::MODE_BASE;
    case Mode::kLarge:
      return api::MODE_LARGE;
    case Mode::kGundam:
      return api::MODE_GUNDAM;
    case Mode::kAuto:
      return api::MODE_AUTO;
  }
  return api::MODE_UNSPECIFIED;
}

api::FinishReason FinishToWire(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop:
      return api::FINISH_REASON_STOP;
    case FinishReason::kLength:
      return api::FINISH_REASON_LENGTH;
    case FinishReason::kRepetition:
      return api::FINISH_REASON_REPETITION;
    case FinishReason::kUnreadable:
      return api::FINISH_REASON_UNREADABLE;
  }
  return api::FINISH_REASON_UNSPECIFIED;
}

// Of the images of the job's prompt, in order.
std::vector<wire::ImageSize> SizesOf(const wire::PageJob& job) {
  std::vector<wire::ImageSize> sizes(1);
  sizes[0].set_width_px(job.width_px());
  sizes[0].set_height_px(job.height_px());
  sizes.insert(sizes.end(), job.more_images().begin(), job.more_images().end());
  return sizes;
}

void AddBlock(const Block& block, const PixelView& page, api::PageResult& result) {
  api::Block* out = result.add_blocks();
  out->set_label(block.label);
  out->set_text(block.text);
  for (const PixelBox& box : block.boxes) {
    api::Box* wire_box = out->add_boxes();
    wire_box->set_left_px(box.left);
    wire_box->set_top_px(box.top);
    wire_box->set_right_px(box.right);
    wire_box->set_bottom_px(box.bottom);
    wire_box->set_left(box.left / page.width);
    wire_box->set_top(box.top / page.height);
    wire_box->set_right(box.right / page.width);
    wire_box->set_bottom(box.bottom / page.height);
  }
}

void SetSeconds(const StageSeconds& seconds, api::StageSeconds& wire) {
  wire.set_queue(seconds.queue);
  wire.set_transfer(seconds.transfer);
  wire.set_preprocess(seconds.preprocess);
  wire.set_tokenize(seconds.tokenize);
  wire.set_vision(seconds.vision);
  wire.set_prefill(seconds.prefill);
  wire.set_decode(seconds.decode);
  wire.set_postprocess(seconds.postprocess);
}

void SetStarts(const StageStarts& starts, api::StageStarts& wire) {
  wire.set_tokenize(starts.tokenize);
  wire.set_preprocess(starts.preprocess);
  wire.set_vision(starts.vision);
  wire.set_prefill(starts.prefill);
  wire.set_decode(starts.decode);
  wire.set_postprocess(starts.postprocess);
}

void CompareWithLayer(const std::string& layer, api::PageResult& result) {
  api::TextLayerComparison& comparison = *result.mutable_text_layer();
  comparison.set_layer_characters(static_cast<int>(Letters(layer).size()));
  if (comparison.layer_characters() == 0) return;
  comparison.set_edit_distance(LetterDistance(layer, result.text()));
}

}  // namespace

absl::StatusOr<PageRequest> RequestFromJob(const wire::PageJob& job) {
  const auto fits = [](int px) { return px >= 1 && px <= kMaxSidePx; };
  if (job.more_images_size() > kMaxMoreImages) {
    return absl::InvalidArgumentError(absl::StrFormat("job %d has %d images; the limit is %d",
                                                      job.job_id(), job.more_images_size() + 1,
                                                      kMaxMoreImages + 1));
  }
  for (const wire::ImageSize& size : SizesOf(job)) {
    if (fits(size.width_px()) && fits(size.height_px())) continue;
    return absl::InvalidArgumentError(absl::StrFormat("job %d has a page of %d x %d px",
                                                      job.job_id(), size.width_px(),
                                                      size.height_px()));
  }
  const std::optional<Task> task = TaskFromWire(job.task());
  if (!task) {
    return absl::InvalidArgumentError(
        absl::StrCat("this worker does not know task number ", job.task()));
  }
  const std::optional<Mode> mode = ModeFromWire(job.mode());
  if (!mode) {
    return absl::InvalidArgumentError(
        absl::StrCat("this worker does not know mode number ", job.mode()));
  }
  PageRequest request;
  request.job_id = job.job_id();
  request.pixels = {nullptr, job.width_px(), job.height_px()};
  for (const wire::ImageSize& size : job.more_images()) {
    request.more_images.push_back({nullptr, size.width_px(), size.height_px()});
  }
  request.task = *task;
  request.argument = *task == Task::kLocate ? job.locate_text() : job.custom_prompt();
  request.mode = *mode;
  if (job.has_ngram_ban()) {
    request.ngram_ban = NgramBan{job.ngram_ban().size(), job.ngram_ban().window()};
  }
  request.max_tokens = job.max_tokens();
  request.stream_text = job.stream_text();
  request.alone = job.alone();
  request.find_orientation = job.find_orientation();
  return request;
}

uint64_t PixelBytes(const wire::PageJob& job) {
  uint64_t bytes = 0;
  for (const wire::ImageSize& size : SizesOf(job)) {
    bytes += static_cast<uint64_t>(size.width_px()) * static_cast<uint64_t>(size.height_px()) * 3;
  }
  return bytes;
}

void SetPixels(const uint8_t* data, PageRequest& request) {
  const auto take = [&data](PixelView& image) {
    image.data = data;
    data += size_t{3} * image.width * image.height;
  };
  take(request.pixels);
  for (PixelView& image : request.more_images) take(image);
}

api::PageResult ResultFromOutput(const PageOutput& output, const PageRequest& request,
                                 const wire::PageJob& job) {
  api::PageResult result;
  result.set_markdown(output.text.markdown);
  result.set_text(output.text.text);
  for (const Block& block : output.text.blocks) AddBlock(block, request.pixels, result);
  result.set_finish_reason(FinishToWire(output.finish_reason));
  result.set_mean_log_probability(output.mean_log_probability);
  result.set_prompt_tokens(output.prompt_tokens);
  result.set_vision_tokens(output.vision_tokens);
  result.set_output_tokens(output.output_tokens);
  result.set_first_token_seconds(output.first_token_seconds);
  result.set_turned_degrees(output.turned_degrees);
  result.set_margins_cut(output.margins_cut);
  result.set_text_source(api::TEXT_SOURCE_MODEL);
  if (job.has_layer_text()) CompareWithLayer(job.layer_text(), result);
  SetSeconds(output.seconds, *result.mutable_seconds());
  SetStarts(output.starts, *result.mutable_starts());
  if (job.include_raw_output()) result.set_raw_output(output.raw);
  return result;
}

api::DecodeProfile ProfileToWire(const DecodeProfile& profile) {
  api::DecodeProfile wire;
  wire.set_steps(profile.steps);
  wire.set_tokens(profile.tokens);
  wire.set_attention_seconds(profile.attention_seconds);
  wire.set_experts_seconds(profile.experts_seconds);
  wire.set_head_seconds(profile.head_seconds);
  wire.set_sampling_seconds(profile.sampling_seconds);
  wire.set_other_seconds(profile.other_seconds);
  return wire;
}

wire::WorkerHello HelloFromInfo(const ReaderInfo& info, const std::string& worker_id,
                                bool has_arena) {
  wire::WorkerHello hello;
  hello.set_protocol_version(1);
  hello.set_worker_id(worker_id);
  hello.set_device(info.device);
  hello.set_device_memory_bytes(info.device_memory_bytes);
  api::ModelInfo* model = hello.mutable_model();
  model->set_key(info.model);
  model->set_fingerprint(info.fingerprint);
  for (Mode mode : info.modes) model->add_modes(ModeToWire(mode));
  for (Task task : info.tasks) model->add_tasks(TaskToWire(task));
  for (const std::string& language : info.languages) model->add_languages(language);
  model->set_context_tokens(info.context_tokens);
  hello.set_slots(info.slots);
  hello.set_load_seconds(info.load_seconds);
  hello.set_render_long_side_px(info.render_long_side_px);
  hello.set_render_dpi(info.render_dpi);
  hello.set_has_arena(has_arena);
  hello.set_max_vision_tokens(info.max_vision_tokens);
  hello.set_dtype(info.dtype);
  return hello;
}

}  // namespace quire::worker
