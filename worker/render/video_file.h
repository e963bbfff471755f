#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "worker/render/document.h"

namespace quire::render {

// A video in memory, decoded frame by frame with FFmpeg's libraries. They are used here without
// OpenCV's videoio, which opens files by their names: a renderer has the bytes and may open
// nothing. One thread, and none of the libraries' own. `bytes` must outlive it.
class VideoFile {
 public:
  // AVI, MP4, QuickTime, Matroska, WebM. InvalidArgument: VIDEO_DAMAGED, or IMAGE_TOO_LARGE when
  // its frames are.
  static absl::StatusOr<std::unique_ptr<VideoFile>> Open(Bytes bytes, const DocumentLimits& limits);
  ~VideoFile();
  VideoFile(const VideoFile&) = delete;
  VideoFile& operator=(const VideoFile&) = delete;

  // Up to the end of the last frame, counted by its packets.
  double seconds() const { return seconds_; }

  // Goes to the first frame at `seconds` or later, or to the last one. InvalidArgument,
  // VIDEO_DAMAGED, when no frame can be decoded there.
  absl::Status GoTo(double seconds);
  // Goes to the next frame; false when there is none.
  bool Next();

  // Of the frame that it stands at: after GoTo() or a Next() that found one.
  double frame_seconds() const { return frame_seconds_; }
  // Writes it, turned as the video says. ResourceExhausted: ARENA_TOO_SMALL, RENDER_MEMORY.
  absl::StatusOr<DrawnPage> Draw(Canvas canvas) const;
  // 32 x 32 brightnesses of it, row by row, to compare frames by.
  static constexpr int kThumbnailSide = 32;
  absl::StatusOr<std::array<uint8_t, kThumbnailSide * kThumbnailSide>> Thumbnail() const;

 private:
  struct Libraries;

  explicit VideoFile(std::unique_ptr<Libraries> libraries);
  absl::Status Prepare(const DocumentLimits& limits);
  void MeasureLength();
  void Rewind(double seconds);

  std::unique_ptr<Libraries> av_;
  double seconds_ = 0;
  double frame_seconds_ = -1;  // before the first
  int orientation_ = 1;        // as in EXIF
};

}  // namespace quire::render
