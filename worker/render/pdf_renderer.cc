#include "worker/render/pdf_renderer.h"

#include <fontconfig/fontconfig.h>
#include <poppler-document.h>
#include <poppler-global.h>
#include <poppler-page-renderer.h>
#include <poppler-page.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "proto/rich_status.h"
#include "proto/status.h"
#include "worker/render/image_codec.h"

namespace quire::render {
namespace {

constexpr double kPointsPerInch = 72;
constexpr int kRgbBytes = 3;

absl::Status PdfDamaged(std::string_view what) {
  return MakeError(absl::StatusCode::kInvalidArgument, "PDF_DAMAGED",
                   absl::StrCat("the PDF ", std::string(what),
                                ": send it again, or save it anew with the program it came from"));
}

absl::Status PageDamaged(int page_index, std::string_view what) {
  return MakeError(absl::StatusCode::kInvalidArgument, "PAGE_DAMAGED",
                   absl::StrCat("page ", page_index + 1, " ", std::string(what)),
                   {{"page", absl::StrCat(page_index + 1)}});
}

int Degrees(poppler::page::orientation_enum orientation) {
  switch (orientation) {
    case poppler::page::portrait:
      return 0;
    case poppler::page::landscape:
      return 90;
    case poppler::page::upside_down:
      return 180;
    case poppler::page::seascape:
      return 270;
  }
  return 0;
}

// Size of a page as it is looked at, in points.
struct PageSize {
  double width = 0;
  double height = 0;
  int degrees = 0;  // that it is turned, clockwise
};

// The crop box, which poppler gives as it is stored, turned.
PageSize SizeInPoints(const poppler::page& page) {
  const poppler::rectf box = page.page_rect(poppler::crop_box);
  PageSize size{.width = box.width(), .height = box.height(), .degrees = Degrees(page.orientation())};
  if (size.degrees % 180 != 0) std::swap(size.width, size.height);
  return size;
}

// Size of a page image. Fractions of a pixel are rounded; a side has at least one.
struct PixelSize {
  double dpi = 0;
  int64_t width = 0;
  int64_t height = 0;
};

PixelSize SizeInPixels(const PageSize& page, const DrawSize& size) {
  PixelSize pixels;
  pixels.dpi = size.long_side_px > 0
                   ? size.long_side_px * kPointsPerInch / std::max(page.width, page.height)
                   : size.dpi;
  const auto scaled = [&](double points) {
    const double exact = points * pixels.dpi / kPointsPerInch;
    return static_cast<int64_t>(std::clamp(std::round(exact), 1.0, 1e9));
  };
  pixels.width = scaled(page.width);
  pixels.height = scaled(page.height);
  return pixels;
}

absl::Status CheckPageSize(int page_index, const PixelSize& pixels, const DocumentLimits& limits) {
  if (pixels.width <= limits.max_page_pixels / pixels.height) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kInvalidArgument, "PAGE_TOO_LARGE",
      absl::StrFormat("page %d is %s x %s px at %g dpi; the limit is %g megapixels: lower --dpi or "
                      "raise --max-page-megapixels",
                      page_index + 1, WithCommas(pixels.width), WithCommas(pixels.height),
                      pixels.dpi, limits.max_page_pixels / 1e6),
      {{"page", absl::StrCat(page_index + 1)}});
}

class PdfDocument final : public Document {
 public:
  PdfDocument(std::unique_ptr<poppler::document> pdf, const DocumentLimits& limits)
      : pdf_(std::move(pdf)), limits_(limits) {
    renderer_.set_image_format(poppler::image::format_rgb24);
    renderer_.set_render_hint(poppler::page_renderer::antialiasing);
    renderer_.set_render_hint(poppler::page_renderer::text_antialiasing);
  }

  quire::v1::DocumentFormat format() const override { return quire::v1::DOCUMENT_FORMAT_PDF; }
  int pages() const override { return pdf_->pages(); }

  absl::StatusOr<DrawnPage> Draw(int page_index, const DrawSize& size, Canvas canvas) override {
    QUIRE_RETURN_IF_ERROR(CheckPageIndex(page_index, pages()));
    const std::unique_ptr<poppler::page> page(pdf_->create_page(page_index));
    if (page == nullptr) return PageDamaged(page_index, "cannot be found in the PDF");
    const PageSize points = SizeInPoints(*page);
    if (!(points.width > 0 && points.height > 0)) {  // also when one is not a number
      return PageDamaged(page_index, absl::StrFormat("claims to be %g x %g points large",
                                                     points.width, points.height));
    }
    const PixelSize pixels = SizeInPixels(points, size);
    QUIRE_RETURN_IF_ERROR(CheckPageSize(page_index, pixels, limits_));
    QUIRE_RETURN_IF_ERROR(CheckCanvas(canvas, pixels.width, pixels.height));
    QUIRE_RETURN_IF_ERROR(DrawTo(*page, page_index, pixels, canvas));
    return DrawnPage{.width_px = static_cast<int>(pixels.width),
                     .height_px = static_cast<int>(pixels.height),
                     .dpi = pixels.dpi,
                     .width_points = points.width,
                     .height_points = points.height,
                     .rotation_degrees = points.degrees};
  }

  TextLayer Text(int page_index) const override {
    const std::unique_ptr<poppler::page> page(pdf_->create_page(page_index));
    if (page == nullptr) return {};
    std::vector<LayerWord> words;
    for (const poppler::text_box& word : page->text_list()) {
      const poppler::byte_array bytes = word.text().to_utf8();
      const poppler::rectf box = word.bbox();
      words.push_back({.text = std::string(bytes.begin(), bytes.end()),
                       .box = {box.left(), box.top(), box.right(), box.bottom()},
                       .space_after = word.has_space_after()});
    }
    return ArrangeWords(words);
  }

 private:
  // Draws, then copies row by row, since poppler's rows have gaps and its image is its own.
  absl::Status DrawTo(const poppler::page& page, int page_index, const PixelSize& pixels,
                      const Canvas& canvas) const {
    const int width = static_cast<int>(pixels.width);
    const int height = static_cast<int>(pixels.height);
    // A slice has exactly the size that is asked for; poppler rounds a whole page in its own way.
    const poppler::image image =
        renderer_.render_page(&page, pixels.dpi, pixels.dpi, 0, 0, width, height);
    // Out of memory, poppler draws an image of one pixel.
    if (image.is_valid() && (image.width() != width || image.height() != height)) {
      return OutOfRenderMemory(absl::StrCat("page ", page_index + 1));
    }
    if (!image.is_valid()) return PageDamaged(page_index, "cannot be drawn");
    const size_t row_bytes = static_cast<size_t>(width) * kRgbBytes;
    for (int y = 0; y < height; ++y) {
      std::memcpy(canvas.data + y * row_bytes,
                  image.const_data() + static_cast<size_t>(y) * image.bytes_per_row(), row_bytes);
    }
    return absl::OkStatus();
  }

  const std::unique_ptr<poppler::document> pdf_;
  const DocumentLimits limits_;
  poppler::page_renderer renderer_;
};

absl::Status CheckPages(int pages, const DocumentLimits& limits) {
  if (pages < 1) return PdfDamaged("has no pages");
  if (pages <= limits.max_pages) return absl::OkStatus();
  return MakeError(absl::StatusCode::kInvalidArgument, "TOO_MANY_PAGES",
                   absl::StrFormat("the PDF has %s pages; the limit is %s: split it or raise "
                                   "--max-document-pages",
                                   WithCommas(pages), WithCommas(limits.max_pages)),
                   {{"limit", absl::StrCat(limits.max_pages)}, {"pages", absl::StrCat(pages)}});
}

}  // namespace

absl::StatusOr<std::unique_ptr<Document>> OpenPdf(Bytes bytes, const std::string& password,
                                                  const DocumentLimits& limits) {
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return PdfDamaged("has more than 2 GiB, which the renderer cannot read");
  }
  std::unique_ptr<poppler::document> pdf(poppler::document::load_from_raw_data(
      reinterpret_cast<const char*>(bytes.data()), static_cast<int>(bytes.size()), password,
      password));
  if (pdf == nullptr) return PdfDamaged("cannot be read");
  if (pdf->is_locked()) {
    if (password.empty()) {
      return MakeError(absl::StatusCode::kFailedPrecondition, "PDF_ENCRYPTED",
                       "the PDF is encrypted: send its password (--password-file)");
    }
    return MakeError(absl::StatusCode::kFailedPrecondition, "PDF_WRONG_PASSWORD",
                     "the PDF is encrypted and this is not its password: send another (--password-file)");
  }
  QUIRE_RETURN_IF_ERROR(CheckPages(pdf->pages(), limits));
  return std::make_unique<PdfDocument>(std::move(pdf), limits);
}

void WarmUpPdf() {
  poppler::set_debug_error_function([](const std::string&, void*) {}, nullptr);
  FcInit();
  (void)poppler::ustring::from_utf8("a").to_utf8();  // loads glibc's converters
}

}  // namespace quire::render
