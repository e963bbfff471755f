#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/mutex.h"
#include "worker/engine/model_faults.h"
#include "worker/engine/page_reader.h"
#include "worker/engine/scheduler.h"
#include "worker/image/pixels.h"

namespace quire::worker {

// A page of fixtures/models/nano/golden and what the reference reader says of it.
struct GoldenPage {
  std::string name;
  Image image;
  Task task = Task::kFreeText;
  int vision_rows = 0;
  std::vector<int> output_ids;
};
std::vector<GoldenPage> GoldenPages();
// One of them by its file's name.
GoldenPage GoldenPageNamed(const std::string& name);

// nano in float32 on the CPU, with these rules; the test program ends when it cannot be loaded.
std::unique_ptr<PageReader> OpenNano(const SchedulerRules& rules = {}, int slots = 8,
                                     int profile_every = 0, const ModelFaults& faults = {});

PageRequest RequestFor(const GoldenPage& page, uint64_t job_id = 1);

// What a reader tells of one page, for waiting on it.
class PageWatch {
 public:
  PageCallbacks Callbacks();
  // Blocks until on_done.
  absl::StatusOr<PageOutput> Wait();
  // Blocks until on_started, or on_done.
  void WaitUntilStarted();
  // Blocks until there is text, or on_done.
  void WaitForText();
  std::string text() const;
  int pixel_releases() const;

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  int pixel_releases_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string text_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::StatusOr<PageOutput>> output_ ABSL_GUARDED_BY(mutex_);
};

// Reads pages all at once.
std::vector<absl::StatusOr<PageOutput>> ReadTogether(PageReader& reader,
                                                     const std::vector<GoldenPage>& pages);

}  // namespace quire::worker
