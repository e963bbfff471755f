#include "server/prompt_images.h"

#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "proto/rich_status.h"
#include "proto/status.h"

namespace quire::server {

absl::Status PromptImages::Add(RenderedPage& drawn, int64_t max_pixels) {
  const uint64_t before = first_.pixels ? first_.pixels.bytes() : 0;
  const uint64_t bytes = static_cast<uint64_t>(drawn.width_px) * drawn.height_px * 3;
  if (before + bytes > static_cast<uint64_t>(max_pixels) * 3) {
    return MakeError(absl::StatusCode::kInvalidArgument, "PAGE_TOO_LARGE",
                     absl::StrCat("the first ", count() + 1, " pages have ", (before + bytes) / 3,
                                  " pixels; the images of one prompt may have ", max_pixels,
                                  " together (--max-page-megapixels)"));
  }
  QUIRE_ASSIGN_OR_RETURN(const std::shared_ptr<Arena> memory, Arena::Create(before + bytes));
  ArenaSpan joined = *memory->Allocate(before + bytes);
  if (before > 0) std::memcpy(joined.data(), first_.pixels.data(), before);
  std::memcpy(joined.data() + before, drawn.pixels.data(), bytes);
  sizes_.emplace_back(drawn.width_px, drawn.height_px);
  const double seconds = first_.seconds + drawn.seconds;
  if (before == 0) first_ = std::move(drawn);
  drawn.pixels.Release();
  first_.pixels = std::move(joined);
  first_.seconds = seconds;
  return absl::OkStatus();
}

void PromptImages::AddSizes(quire::worker::v1::PageJob& job) const {
  for (size_t i = 1; i < sizes_.size(); ++i) {
    quire::worker::v1::ImageSize* size = job.add_more_images();
    size->set_width_px(sizes_[i].first);
    size->set_height_px(sizes_[i].second);
  }
}

}  // namespace quire::server
