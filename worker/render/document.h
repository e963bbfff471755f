#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "quire/v1/ocr.pb.h"
#include "worker/render/text_layer.h"

namespace quire::render {

using Bytes = std::span<const uint8_t>;

// What a document may cost.
struct DocumentLimits {
  int max_pages = 3000;
  int64_t max_page_pixels = 50'000'000;
  quire::v1::FrameChoice frames;  // of a video, which frames are pages
};

// Size that a PDF page is drawn to: one of the two is set. Images keep their size.
struct DrawSize {
  int long_side_px = 0;
  double dpi = 0;
};

// Where a page is drawn: RGB, 8 bits, rows without gaps.
struct Canvas {
  uint8_t* data = nullptr;
  uint64_t bytes = 0;  // room
};

// A page that was drawn.
struct DrawnPage {
  int width_px = 0;
  int height_px = 0;
  double dpi = 0;  // 0 for images, as are the points
  double width_points = 0;
  double height_points = 0;
  int rotation_degrees = 0;
  double frame_seconds = 0;  // of a video
};

// An opened document. One thread.
class Document {
 public:
  virtual ~Document() = default;
  virtual quire::v1::DocumentFormat format() const = 0;
  virtual int pages() const = 0;
  // InvalidArgument: the page is damaged, too large, or not there. ResourceExhausted: the canvas is
  // too small (reason ARENA_TOO_SMALL) or memory ran out (RENDER_MEMORY).
  virtual absl::StatusOr<DrawnPage> Draw(int page_index, const DrawSize& size, Canvas canvas) = 0;
  // The text that a page which can be drawn holds itself, as it is shown; empty where there is
  // none.
  virtual TextLayer Text(int /*page_index*/) const { return {}; }
};

// Opens a document of any kind that Quire reads; `bytes` must outlive it. InvalidArgument or
// FailedPrecondition, with a reason and a sentence for the user; see README.md, Errors.
absl::StatusOr<std::unique_ptr<Document>> OpenDocument(Bytes bytes, const std::string& password,
                                                       const DocumentLimits& limits);

// InvalidArgument, reason PAGE_OUT_OF_RANGE, unless 0 <= page_index < pages.
absl::Status CheckPageIndex(int page_index, int pages);
// InvalidArgument, reason IMAGE_TOO_LARGE, when an image has more pixels than allowed.
absl::Status CheckImageSize(int64_t width, int64_t height, const DocumentLimits& limits);
// 14400 -> "14,400"
std::string WithCommas(int64_t number);
// ResourceExhausted, reason ARENA_TOO_SMALL with the fact `needed_bytes`, when a page does not fit.
absl::Status CheckCanvas(const Canvas& canvas, int64_t width, int64_t height);

}  // namespace quire::render
