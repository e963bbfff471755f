#include "worker/render/document.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "proto/rich_status.h"
#include "worker/render/format.h"
#include "worker/render/image_decoder.h"
#include "worker/render/pdf_renderer.h"
#include "worker/render/tiff_decoder.h"
#include "worker/render/video_document.h"

namespace quire::render {

absl::StatusOr<std::unique_ptr<Document>> OpenDocument(Bytes bytes, const std::string& password,
                                                       const DocumentLimits& limits) {
  const SniffedFormat sniffed = SniffFormat(bytes);
  if (!sniffed.refused.empty()) {
    return MakeError(absl::StatusCode::kInvalidArgument, "UNSUPPORTED_FORMAT",
                     absl::StrFormat("this is %s, which Quire does not read: %s", sniffed.refused,
                                     sniffed.hint));
  }
  switch (sniffed.format) {
    case quire::v1::DOCUMENT_FORMAT_PDF:
      return OpenPdf(bytes, password, limits);
    case quire::v1::DOCUMENT_FORMAT_TIFF:
      return OpenTiff(bytes, limits);
    case quire::v1::DOCUMENT_FORMAT_VIDEO:
      return OpenVideo(bytes, limits);
    case quire::v1::DOCUMENT_FORMAT_UNSPECIFIED:
      return MakeError(absl::StatusCode::kInvalidArgument, "UNKNOWN_FORMAT",
                       absl::StrFormat("these %d bytes are no document that Quire knows; it reads "
                                       "PDF, PNG, JPEG, WebP, BMP, TIFF and videos",
                                       bytes.size()));
    default:
      return OpenImage(bytes, sniffed.format, limits);
  }
}

absl::Status CheckPageIndex(int page_index, int pages) {
  if (page_index >= 0 && page_index < pages) return absl::OkStatus();
  return MakeError(absl::StatusCode::kInvalidArgument, "PAGE_OUT_OF_RANGE",
                   absl::StrCat("page ", int64_t{page_index} + 1, " is not there; the document has ",
                                pages, pages == 1 ? " page" : " pages"));
}

absl::Status CheckImageSize(int64_t width, int64_t height, const DocumentLimits& limits) {
  if (width < 1 || height < 1) {
    return MakeError(absl::StatusCode::kInvalidArgument, "IMAGE_DAMAGED",
                     absl::StrFormat("the image claims to have %d x %d px", width, height));
  }
  if (width <= limits.max_page_pixels / height) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kInvalidArgument, "IMAGE_TOO_LARGE",
      absl::StrFormat("the image is %s x %s px (%.0f megapixels); the limit is %g megapixels: scale "
                      "it down or raise --max-page-megapixels",
                      WithCommas(width), WithCommas(height),
                      static_cast<double>(width) * static_cast<double>(height) / 1e6,
                      limits.max_page_pixels / 1e6));
}

absl::Status CheckCanvas(const Canvas& canvas, int64_t width, int64_t height) {
  const uint64_t needed = static_cast<uint64_t>(width) * static_cast<uint64_t>(height) * 3;
  if (needed <= canvas.bytes) return absl::OkStatus();
  return MakeError(absl::StatusCode::kResourceExhausted, "ARENA_TOO_SMALL",
                   absl::StrFormat("the page has %d bytes and %d are free", needed, canvas.bytes),
                   {{"needed_bytes", absl::StrCat(needed)}});
}

std::string WithCommas(int64_t number) {
  std::string digits = absl::StrCat(number);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(at, ",");
  return digits;
}

}  // namespace quire::render
