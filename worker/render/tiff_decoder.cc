#include "worker/render/tiff_decoder.h"

#include "proto/status.h"
#include "worker/render/tiff_file.h"
#include "worker/render/tiff_pixels.h"
#include "worker/render/turned_canvas.h"

namespace quire::render {
namespace {

class TiffDocument final : public Document {
 public:
  TiffDocument(std::unique_ptr<TiffFile> file, const DocumentLimits& limits)
      : file_(std::move(file)), limits_(limits) {}

  quire::v1::DocumentFormat format() const override { return quire::v1::DOCUMENT_FORMAT_TIFF; }
  int pages() const override { return file_->pages(); }

  // Makes a page the current one and checks its size.
  absl::Status Select(int page_index) {
    QUIRE_RETURN_IF_ERROR(CheckPageIndex(page_index, pages()));
    QUIRE_RETURN_IF_ERROR(file_->Select(page_index));
    return CheckImageSize(width(), height(), limits_);
  }

  absl::StatusOr<DrawnPage> Draw(int page_index, const DrawSize&, Canvas canvas) override {
    QUIRE_RETURN_IF_ERROR(Select(page_index));
    QUIRE_RETURN_IF_ERROR(CheckCanvas(canvas, width(), height()));
    const int orientation = file_->Field<uint16_t>(TIFFTAG_ORIENTATION);
    const TurnedCanvas turned(canvas, static_cast<int>(width()), static_cast<int>(height()),
                              orientation >= 1 && orientation <= 8 ? orientation : 1);
    QUIRE_RETURN_IF_ERROR(DrawTiffPage(*file_, static_cast<int>(width()),
                                       static_cast<int>(height()), turned));
    return DrawnPage{.width_px = turned.width(), .height_px = turned.height()};
  }

 private:
  int64_t width() const { return file_->Field<uint32_t>(TIFFTAG_IMAGEWIDTH); }
  int64_t height() const { return file_->Field<uint32_t>(TIFFTAG_IMAGELENGTH); }

  const std::unique_ptr<TiffFile> file_;
  const DocumentLimits limits_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Document>> OpenTiff(Bytes bytes, const DocumentLimits& limits) {
  QUIRE_ASSIGN_OR_RETURN(std::unique_ptr<TiffFile> file, TiffFile::Open(bytes, limits.max_pages));
  auto document = std::make_unique<TiffDocument>(std::move(file), limits);
  if (document->pages() == 1) QUIRE_RETURN_IF_ERROR(document->Select(0));
  return document;
}

}  // namespace quire::render
