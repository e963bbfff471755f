#include "worker/render/image_decoder.h"

#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "worker/render/format.h"
#include "worker/render/image_codec.h"
#include "worker/render/turned_canvas.h"
#include "worker/render/webp_header.h"

namespace quire::render {
namespace {

namespace api = quire::v1;

// Every format's header in the shape of the one that knows most: a still WebP's.
absl::StatusOr<WebpHeader> ReadHeader(Bytes bytes, api::DocumentFormat format) {
  if (format == api::DOCUMENT_FORMAT_WEBP) return ReadWebpHeader(bytes);
  absl::StatusOr<ImageHeader> image = absl::InternalError("no image format");
  if (format == api::DOCUMENT_FORMAT_PNG) image = ReadPngHeader(bytes);
  if (format == api::DOCUMENT_FORMAT_JPEG) image = ReadJpegHeader(bytes);
  if (format == api::DOCUMENT_FORMAT_BMP) image = ReadBmpHeader(bytes);
  if (!image.ok()) return image.status();
  return WebpHeader{.image = *image};
}

class ImageDocument final : public Document {
 public:
  ImageDocument(Bytes bytes, api::DocumentFormat format, WebpHeader header)
      : bytes_(bytes), format_(format), header_(std::move(header)) {}

  api::DocumentFormat format() const override { return format_; }
  int pages() const override { return 1; }

  absl::StatusOr<DrawnPage> Draw(int page_index, const DrawSize&, Canvas canvas) override {
    QUIRE_RETURN_IF_ERROR(CheckPageIndex(page_index, pages()));
    const ImageHeader& header = header_.image;
    QUIRE_RETURN_IF_ERROR(CheckCanvas(canvas, header.width, header.height));
    QUIRE_ASSIGN_OR_RETURN(DecodedImage decoded, Decode());
    decoded.layout.transparent = header.transparent;
    const TurnedCanvas turned(canvas, static_cast<int>(header.width),
                              static_cast<int>(header.height), header.orientation);
    const int left = static_cast<int>(header_.frame_x);
    const int top = static_cast<int>(header_.frame_y);
    if (decoded.width < header.width || decoded.height < header.height) {
      std::memset(canvas.data, 255, static_cast<size_t>(header.width) * header.height * 3);
    }
    for (int y = 0; y < decoded.height; ++y) {
      WriteRgbRow(decoded.layout, decoded.Row(y), decoded.width,
                  turned.Row(top + y) + left * turned.step(), turned.step());
    }
    return DrawnPage{.width_px = turned.width(), .height_px = turned.height()};
  }

 private:
  // The stored image or, of an animation, its first frame; InvalidArgument when its size is not what
  // the header said.
  absl::StatusOr<DecodedImage> Decode() const {
    const bool animated = !header_.first_frame.empty();
    const Bytes frame(reinterpret_cast<const uint8_t*>(header_.first_frame.data()),
                      header_.first_frame.size());
    QUIRE_ASSIGN_OR_RETURN(DecodedImage decoded,
                           DecodeImage(animated ? frame : bytes_, FormatName(format_),
                                       header_.image.alpha_counts));
    const int64_t width = animated ? header_.frame_width : header_.image.width;
    const int64_t height = animated ? header_.frame_height : header_.image.height;
    if (decoded.width == width && decoded.height == height) return decoded;
    return ImageDamaged(FormatName(format_),
                        absl::StrCat("has ", decoded.width, " x ", decoded.height,
                                     " px where its header says ", width, " x ", height));
  }

  const Bytes bytes_;
  const api::DocumentFormat format_;
  const WebpHeader header_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Document>> OpenImage(Bytes bytes, api::DocumentFormat format,
                                                    const DocumentLimits& limits) {
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return ImageDamaged(FormatName(format), "has more than 2 GiB");
  }
  QUIRE_ASSIGN_OR_RETURN(WebpHeader header, ReadHeader(bytes, format));
  QUIRE_RETURN_IF_ERROR(CheckImageSize(header.image.width, header.image.height, limits));
  return std::make_unique<ImageDocument>(bytes, format, std::move(header));
}

}  // namespace quire::render
