#include "tests/worker/engine/nano_pages.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "proto/check.h"
#include "worker/engine/engine.h"
#include "worker/engine/faulty_model.h"
#include "worker/model/ocr_model.h"

namespace quire::worker {
namespace {

const std::string kNano = std::string(QUIRE_FIXTURES) + "/models/nano";

Image ReadPng(const std::string& path) {
  const cv::Mat bgr = cv::imread(path, cv::IMREAD_COLOR);
  QUIRE_CHECK(!bgr.empty());
  Image image(bgr.cols, bgr.rows);
  cv::Mat rgb(bgr.rows, bgr.cols, CV_8UC3, image.data.data());
  cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
  return image;
}

}  // namespace

std::vector<GoldenPage> GoldenPages() {
  std::ifstream file(kNano + "/golden/golden.json");
  const nlohmann::json golden = nlohmann::json::parse(file);
  std::vector<GoldenPage> pages;
  for (const nlohmann::json& page : golden) {
    const std::string name = page.at("image");
    pages.push_back({.name = name,
                     .image = ReadPng(kNano + "/golden/" + name),
                     .task = page.at("task") == "MARKDOWN" ? Task::kMarkdown : Task::kFreeText,
                     .vision_rows = page.at("vision_rows"),
                     .output_ids = page.at("output_ids")});
  }
  return pages;
}

GoldenPage GoldenPageNamed(const std::string& name) {
  for (GoldenPage& page : GoldenPages()) {
    if (page.name == name) return std::move(page);
  }
  QUIRE_CHECK(false);
  return {};
}

std::unique_ptr<PageReader> OpenNano(const SchedulerRules& rules, int slots, int profile_every,
                                     const ModelFaults& faults) {
  absl::StatusOr<std::unique_ptr<OcrModel>> model = OcrModel::Load(kNano, {});
  QUIRE_CHECK(model.ok());
  absl::StatusOr<std::unique_ptr<Tokenizer>> tokenizer = Tokenizer::Load(kNano + "/tokenizer.json");
  QUIRE_CHECK(tokenizer.ok());
  ReaderInfo info;
  info.device = "cpu";
  info.model = "nano";
  info.slots = slots;
  info.context_tokens = static_cast<int>((*model)->config().decoder.max_position_embeddings);
  return std::make_unique<Engine>(MakeFaulty(WrapModel(*std::move(model)), faults),
                                  *std::move(tokenizer),
                                  std::move(info), rules, profile_every);
}

PageRequest RequestFor(const GoldenPage& page, uint64_t job_id) {
  return {.job_id = job_id,
          .pixels = page.image.view(),
          .task = page.task,
          .max_tokens = static_cast<int>(page.output_ids.size())};
}

PageCallbacks PageWatch::Callbacks() {
  return {.on_started =
              [this] {
                MutexLock lock(mutex_);
                started_ = true;
                changed_.NotifyAll();
              },
          .on_pixels_released =
              [this] {
                MutexLock lock(mutex_);
                ++pixel_releases_;
              },
          .on_text =
              [this](std::string text) {
                MutexLock lock(mutex_);
                text_ += text;
                changed_.NotifyAll();
              },
          .on_done =
              [this](absl::StatusOr<PageOutput> output) {
                MutexLock lock(mutex_);
                QUIRE_CHECK(!output_.has_value());
                output_ = std::move(output);
                changed_.NotifyAll();
              }};
}

absl::StatusOr<PageOutput> PageWatch::Wait() {
  MutexLock lock(mutex_);
  while (!output_.has_value()) changed_.Wait(mutex_);
  return *output_;
}

void PageWatch::WaitUntilStarted() {
  MutexLock lock(mutex_);
  while (!started_ && !output_.has_value()) changed_.Wait(mutex_);
}

void PageWatch::WaitForText() {
  MutexLock lock(mutex_);
  while (text_.empty() && !output_.has_value()) changed_.Wait(mutex_);
}

std::string PageWatch::text() const {
  MutexLock lock(mutex_);
  return text_;
}

int PageWatch::pixel_releases() const {
  MutexLock lock(mutex_);
  return pixel_releases_;
}

std::vector<absl::StatusOr<PageOutput>> ReadTogether(PageReader& reader,
                                                     const std::vector<GoldenPage>& pages) {
  std::vector<std::unique_ptr<PageWatch>> watches;
  for (size_t i = 0; i < pages.size(); ++i) {
    watches.push_back(std::make_unique<PageWatch>());
    reader.Read(RequestFor(pages[i], i + 1), watches.back()->Callbacks());
  }
  std::vector<absl::StatusOr<PageOutput>> outputs;
  for (const auto& watch : watches) outputs.push_back(watch->Wait());
  return outputs;
}

}  // namespace quire::worker
