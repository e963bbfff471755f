#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "quire/worker/v1/worker.pb.h"
#include "server/render_pool.h"

namespace quire::server {

// The images of one prompt, gathered as they are drawn, in memory of their own: drawn pages that
// wait for others must not fill a renderer's arena, which the others need.
class PromptImages {
 public:
  // Takes the pixels of `drawn` and gives their span back. InvalidArgument (reason PAGE_TOO_LARGE)
  // when all together have more than `max_pixels`, ResourceExhausted when there is no memory.
  absl::Status Add(RenderedPage& drawn, int64_t max_pixels);
  int count() const { return static_cast<int>(sizes_.size()); }
  // The first page's facts with the pixels of all, one after another, and the seconds of all.
  RenderedPage TakePage() { return std::move(first_); }
  // Sizes of the images behind the first.
  void AddSizes(quire::worker::v1::PageJob& job) const;

 private:
  RenderedPage first_;
  std::vector<std::pair<int, int>> sizes_;  // width, height in pixels
};

}  // namespace quire::server
