#include "worker/render/video_document.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "proto/rich_status.h"
#include "proto/status.h"
#include "worker/render/video_file.h"

namespace quire::render {
namespace {

namespace api = quire::v1;

// Two frames whose thumbnails differ by more than this in the mean, of 255, are two scenes: a new
// slide differs by 10 and more, a moving hand or a cursor by 1 to 4.
constexpr double kSceneDifference = 6;

absl::Status TooManyFrames(double frames, const DocumentLimits& limits) {
  return MakeError(
      absl::StatusCode::kInvalidArgument, "TOO_MANY_PAGES",
      absl::StrFormat("these are %.0f frames or more of the video; the limit is %s: name "
                      "fewer or raise --max-document-pages",
                      frames, WithCommas(limits.max_pages)),
      {{"limit", absl::StrCat(limits.max_pages)}});
}

absl::StatusOr<std::vector<double>> FindScenes(VideoFile& video, const DocumentLimits& limits) {
  std::vector<double> scenes;
  std::array<uint8_t, VideoFile::kThumbnailSide * VideoFile::kThumbnailSide> last{};
  while (video.Next()) {
    QUIRE_ASSIGN_OR_RETURN(const auto thumbnail, video.Thumbnail());
    int64_t difference = 0;
    for (size_t i = 0; i < thumbnail.size(); ++i) difference += std::abs(thumbnail[i] - last[i]);
    const double mean = static_cast<double>(difference) / static_cast<double>(thumbnail.size());
    if (!scenes.empty() && mean <= kSceneDifference) continue;
    if (static_cast<int>(scenes.size()) == limits.max_pages) {
      return TooManyFrames(limits.max_pages + 1, limits);
    }
    scenes.push_back(std::max(0.0, video.frame_seconds()));
    last = thumbnail;
  }
  return scenes;
}

// When the frames stand in the video, in seconds.
absl::StatusOr<std::vector<double>> ChooseFrames(VideoFile& video, const DocumentLimits& limits) {
  const api::FrameChoice& choice = limits.frames;
  if (choice.choice_case() == api::FrameChoice::kScenes) return FindScenes(video, limits);
  const bool by_count = choice.choice_case() == api::FrameChoice::kCount;
  const double step =
      by_count ? video.seconds() / std::max(choice.count(), 1) : choice.every_seconds();
  const double frames = by_count ? choice.count() : std::floor(video.seconds() / step) + 1;
  if (!(frames >= 1)) return absl::InternalError("the front asks for frames that cannot be");
  if (frames > limits.max_pages) return TooManyFrames(frames, limits);
  std::vector<double> times;
  for (int i = 0; i < static_cast<int>(frames); ++i)
    times.push_back((by_count ? i + 0.5 : i) * step);
  return times;
}

class VideoDocument final : public Document {
 public:
  VideoDocument(std::unique_ptr<VideoFile> video, std::vector<double> times)
      : video_(std::move(video)), times_(std::move(times)) {}

  api::DocumentFormat format() const override { return api::DOCUMENT_FORMAT_VIDEO; }
  int pages() const override { return static_cast<int>(times_.size()); }

  absl::StatusOr<DrawnPage> Draw(int page_index, const DrawSize&, Canvas canvas) override {
    QUIRE_RETURN_IF_ERROR(CheckPageIndex(page_index, pages()));
    QUIRE_RETURN_IF_ERROR(video_->GoTo(times_[page_index]));
    return video_->Draw(canvas);
  }

 private:
  const std::unique_ptr<VideoFile> video_;
  const std::vector<double> times_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Document>> OpenVideo(Bytes bytes, const DocumentLimits& limits) {
  if (limits.frames.choice_case() == api::FrameChoice::CHOICE_NOT_SET) {
    return MakeError(
        absl::StatusCode::kInvalidArgument, "UNSUPPORTED_FORMAT",
        "this is a video: say which frames to read (--frames every=2s, --frames scene or "
        "--frames count=20), or send single frames as PNG or JPEG");
  }
  QUIRE_ASSIGN_OR_RETURN(std::unique_ptr<VideoFile> video, VideoFile::Open(bytes, limits));
  QUIRE_ASSIGN_OR_RETURN(std::vector<double> times, ChooseFrames(*video, limits));
  if (times.empty()) {
    return MakeError(absl::StatusCode::kInvalidArgument, "VIDEO_DAMAGED",
                     "the video has no picture that can be decoded: convert it to MP4 with H.264");
  }
  return std::make_unique<VideoDocument>(std::move(video), std::move(times));
}

}  // namespace quire::render
