#include "worker/engine/open_engine.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "proto/checkpoint/tokenizer_file.h"
#include "proto/mutex.h"
#include "proto/status.h"
#include "worker/device/device.h"
#include "worker/engine/engine.h"
#include "worker/engine/faulty_model.h"
#include "worker/engine/page_model.h"
#include "worker/model/ocr_model.h"

namespace quire::worker {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMostSlots = 8;
constexpr int64_t kCacheBytesOfHost = int64_t{2} << 30;  // for the KV cache on a CPU

// Pages at once: as many as the KV cache has room for at the model's whole context.
//   device  as it is with the model on it
int SlotsFor(const ModelConfig& config, const DeviceInfo& device, const std::string& kv_dtype) {
  const int64_t bytes_per_token = config.decoder.num_hidden_layers * config.decoder.hidden_size *
                                  2 * (kv_dtype == "f32" ? 4 : 2);
  const int64_t half = device.free_bytes / 2;
  const int64_t room = !device.is_cpu ? half
                       : half > 0     ? std::min(kCacheBytesOfHost, half)
                                      : kCacheBytesOfHost;
  const int64_t pages = room / (bytes_per_token * config.decoder.max_position_embeddings);
  return static_cast<int>(std::clamp<int64_t>(pages, 1, device.is_cpu ? kMostSlots : 64));
}

// On a CPU a step is as long as a page that is cancelled may wait for its end: 512 rows of the official
// models' width, and more of narrower ones, whose whole prompt is then one step.
SchedulerRules RulesFor(const DeviceInfo& device, const ModelConfig& config) {
  constexpr int kMostRows = 2048;
  if (!device.is_cpu) return {.max_batch_views = 32, .prefill_rows = kMostRows, .decode_steps_between = 4};
  constexpr int64_t kRowsTimesWidth = 512 * 1280;
  const int64_t rows = kRowsTimesWidth / config.decoder.hidden_size;
  return {.max_batch_views = 8,
          .prefill_rows = static_cast<int>(std::clamp<int64_t>(rows, 128, kMostRows)),
          .decode_steps_between = 4};
}

ReaderInfo InfoOf(const ModelConfig& config, const DeviceInfo& device, const std::string& dtype,
                  const std::string& fingerprint) {
  ReaderInfo info;
  info.device = device.name;
  info.dtype = dtype;
  info.device_memory_bytes = device.total_bytes;
  info.model = config.reading.name;
  info.fingerprint = fingerprint;
  info.modes = config.reading.modes;
  for (const Task task : {Task::kMarkdown, Task::kFreeText, Task::kFigure, Task::kDescribe,
                          Task::kLocate, Task::kCustom}) {
    if (config.reading.prompts.contains(TaskName(task))) info.tasks.push_back(task);
  }
  info.languages = config.reading.languages;
  info.context_tokens = static_cast<int>(config.decoder.max_position_embeddings);
  info.render_long_side_px = config.reading.render_long_side_px;
  info.render_dpi = config.reading.render_long_side_px > 0 ? 0 : config.reading.render_dpi;
  const ViewPlan largest{.grid = {config.reading.max_crops, 1},
                         .tile_side = config.reading.image_size,
                         .global_side = config.reading.base_size,
                         .mosaic = config.reading.mosaic};
  info.max_vision_tokens = largest.vision_rows();
  info.second_look = {.doubt = config.reading.doubt,
                      .invention = config.reading.invention,
                      .unreadable = config.reading.unreadable};
  return info;
}

// Reads a blank page, so that the first real one does not pay for what is set up lazily.
absl::Status WarmUp(PageReader& reader) {
  const Image blank(64, 64);
  Mutex mutex;
  CondVar changed;
  bool done = false;
  absl::Status outcome;
  PageCallbacks callbacks;
  callbacks.on_started = [] {};
  callbacks.on_pixels_released = [] {};
  callbacks.on_done = [&](absl::StatusOr<PageOutput> output) {
    MutexLock lock(mutex);
    outcome = output.status();
    done = true;
    changed.NotifyAll();
  };
  PageRequest request;
  request.pixels = blank.view();
  request.task = reader.info().tasks.empty() ? Task::kMarkdown : reader.info().tasks.front();
  request.max_tokens = 2;
  reader.Read(std::move(request), std::move(callbacks));
  MutexLock lock(mutex);
  while (!done) changed.Wait(mutex);
  return outcome;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PageReader>> OpenEngine(const std::string& folder,
                                                       const EngineOptions& options) {
  const Clock::time_point begin = Clock::now();
  // What is small and may be wrong comes first.
  QUIRE_ASSIGN_OR_RETURN(const ModelConfig told, LoadModelConfig(folder));
  const std::string tokenizer_path = folder + "/tokenizer.json";
  QUIRE_RETURN_IF_ERROR(
      CheckTokenizerFile(tokenizer_path, told.image_token_id, told.decoder.vocab_size));
  QUIRE_ASSIGN_OR_RETURN(std::unique_ptr<Tokenizer> tokenizer, Tokenizer::Load(tokenizer_path));
  QUIRE_ASSIGN_OR_RETURN(const DeviceInfo device, ChooseDevice(options.device));
  if (device.is_cpu) {
    const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    at::set_num_threads(options.threads > 0 ? options.threads : cores);
  }
  const std::string dtype =
      options.dtype != "auto" ? options.dtype : device.is_cpu ? "f32" : "bf16";
  // Decoding on a CPU waits for the cache's memory: half of it is read in less time, more so with
  // many pages in a batch.
  const std::string kv_dtype = options.kv_dtype != "auto"               ? options.kv_dtype
                               : device.is_cpu && dtype == "f32" ? "f16"
                                                                 : dtype;
  QUIRE_ASSIGN_OR_RETURN(
      std::unique_ptr<OcrModel> model,
      OcrModel::Load(folder, {.device = device.name,
                              .dtype = dtype,
                              .kv_dtype = kv_dtype,
                              .eight_bit = options.eight_bit,
                              .free_bytes = device.free_bytes,
                              .total_bytes = device.total_bytes}));
  const ModelConfig& config = model->config();
  ReaderInfo info = InfoOf(config, device, dtype, model->fingerprint());
  QUIRE_ASSIGN_OR_RETURN(const DeviceInfo loaded, ChooseDevice(device.name));
  info.slots = options.slots > 0 ? options.slots : SlotsFor(config, loaded, kv_dtype);
  info.load_seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  auto engine = std::make_unique<Engine>(MakeFaulty(WrapModel(std::move(model)), options.faults),
                                         std::move(tokenizer), std::move(info), RulesFor(device, config),
                                         options.profile_every);
  QUIRE_RETURN_IF_ERROR(WarmUp(*engine));
  return engine;
}

}  // namespace quire::worker
