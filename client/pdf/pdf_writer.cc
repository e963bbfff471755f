#include "client/pdf/pdf_writer.h"

#include <cairo-pdf.h>
#include <cairo.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/join/page_parts.h"
#include "client/page_format.h"
#include "client/page_image.h"
#include "client/pdf/text_fit.h"
#include "client/score/compared_text.h"
#include "proto/status.h"

namespace quire::client {
namespace {

constexpr double kPointsPerInch = 72;
constexpr double kImageDpi = 150;  // of images, which do not say their size
constexpr int kQuality = 80;       // of the pages' JPEGs
constexpr char kFont[] = "sans-serif";

struct Sheet {
  double width = 595, height = 842;  // points; A4 for a page that failed
};

Sheet SheetOf(const v1::PageResult& page) {
  if (page.width_points() > 0) return {page.width_points(), page.height_points()};
  const double scale = kPointsPerInch / kImageDpi;
  return {std::max(1, page.width_px()) * scale, std::max(1, page.height_px()) * scale};
}

// Around all of a block's boxes, in points.
std::optional<ImagePart> PlaceOf(const v1::Block& block, const Sheet& sheet) {
  if (block.boxes().empty()) return std::nullopt;
  double left = 1, top = 1, right = 0, bottom = 0;
  for (const v1::Box& box : block.boxes()) {
    left = std::min(left, box.left());
    top = std::min(top, box.top());
    right = std::max(right, box.right());
    bottom = std::max(bottom, box.bottom());
  }
  return ImagePart{left * sheet.width, top * sheet.height, (right - left) * sheet.width,
                   (bottom - top) * sheet.height};
}

double WidthAtSizeOne(void* context, const std::string& text) {
  constexpr double kMeasuredSize = 100;
  auto* const cairo = static_cast<cairo_t*>(context);
  cairo_set_font_size(cairo, kMeasuredSize);
  cairo_text_extents_t extents;
  cairo_text_extents(cairo, text.c_str(), &extents);
  return extents.x_advance / kMeasuredSize;
}

// Lines are drawn out to the box's width, but for the last one of several.
void DrawText(cairo_t* cairo, const std::string& text, const ImagePart& place) {
  const FittedText fitted = FitText(text, place.width, place.height, WidthAtSizeOne, cairo);
  cairo_set_font_size(cairo, fitted.font_size);
  for (size_t i = 0; i < fitted.lines.size(); ++i) {
    const FittedText::Line& line = fitted.lines[i];
    const bool stretch = line.width > 0 && (i + 1 < fitted.lines.size() || i == 0);
    cairo_save(cairo);
    cairo_translate(cairo, place.left,
                    place.top + (static_cast<double>(i) * kLineHeight + 1) * fitted.font_size);
    if (stretch) cairo_scale(cairo, place.width / line.width, 1);
    cairo_move_to(cairo, 0, 0);
    cairo_show_text(cairo, line.text.c_str());
    cairo_restore(cairo);
  }
}

class PdfWriter final : public DocumentWriter {
 public:
  PdfWriter(OutputOptions options, TextSink& sink) : options_(std::move(options)), sink_(sink) {}

  absl::Status OnEvent(const v1::RecognizeResponse& event) override {
    if (event.has_page_image() && !event.page_image().uncleaned()) {
      const int page = event.page_image().page_number();
      if (auto png = images_.Add(event.page_image()); png.has_value())
        pngs_[page] = *std::move(png);
    } else if (event.has_page_result()) {
      return AddPage(event.page_result());
    } else if (event.has_page_failed()) {
      images_.Drop(event.page_failed().page_number());
      return AddFailed(event.page_failed());
    }
    return absl::OkStatus();
  }

  absl::Status OnEnd(const absl::Status&) override {
    if (surface_ == nullptr) return absl::OkStatus();
    context_ = nullptr;
    cairo_surface_finish(surface_.get());
    return Check();
  }

 private:
  absl::Status AddPage(const v1::PageResult& page) {
    const Sheet sheet = SheetOf(page);
    Begin(sheet);
    cairo_set_source_rgb(context_.get(), 0, 0, 0);
    if (BlocksHoldAll(page)) {
      for (const v1::Block& block : page.blocks()) {
        if (const auto place = PlaceOf(block, sheet)) {
          DrawText(context_.get(), WithoutMarkup(block.text()), *place);
        }
      }
    } else {
      DrawText(context_.get(), WithoutMarkup(page.markdown()),
               {.width = sheet.width, .height = sheet.height});
    }
    QUIRE_RETURN_IF_ERROR(CoverWithImage(page, sheet));
    return End();
  }

  // The image hides the words.
  absl::Status CoverWithImage(const v1::PageResult& page, const Sheet& sheet) {
    const auto png = pngs_.extract(page.page_number());
    if (png.empty()) {
      return absl::InternalError(
          absl::StrCat("the server sent no image of page ", page.page_number()));
    }
    QUIRE_ASSIGN_OR_RETURN(const Surface image, DecodePng(png.mapped()));
    const int width = cairo_image_surface_get_width(image.get());
    const int height = cairo_image_surface_get_height(image.get());
    const ImagePart whole{.width = 1.0 * width, .height = 1.0 * height};
    const Surface opaque = CutOut(image.get(), whole, width, height);
    QUIRE_ASSIGN_OR_RETURN(const std::string jpeg, CompressJpeg(opaque.get(), kQuality));
    auto* const owner = new std::string(jpeg);
    const cairo_status_t attached = cairo_surface_set_mime_data(
        opaque.get(), CAIRO_MIME_TYPE_JPEG, reinterpret_cast<const unsigned char*>(owner->data()),
        owner->size(), [](void* data) { delete static_cast<std::string*>(data); }, owner);
    if (attached != CAIRO_STATUS_SUCCESS) {
      delete owner;
      return absl::ResourceExhaustedError("there is no memory for a page's image");
    }
    cairo_scale(context_.get(), sheet.width / width, sheet.height / height);
    cairo_set_source_surface(context_.get(), opaque.get(), 0, 0);
    cairo_paint(context_.get());
    return absl::OkStatus();
  }

  absl::Status AddFailed(const v1::PageFailed& page) {
    const Sheet sheet;
    Begin(sheet);
    cairo_set_source_rgb(context_.get(), 0.7, 0, 0);
    DrawText(context_.get(),
             absl::StrCat("Page ", page.page_number(), " was not read: ", page.status().message()),
             {.left = 50, .top = 50, .width = sheet.width - 100, .height = 60});
    return End();
  }

  void Begin(const Sheet& sheet) {
    if (surface_ == nullptr) {
      surface_ =
          Surface(cairo_pdf_surface_create_for_stream(WritePiece, this, sheet.width, sheet.height));
      cairo_pdf_surface_set_metadata(surface_.get(), CAIRO_PDF_METADATA_TITLE,
                                     Printable(options_.document_name).c_str());
    }
    cairo_pdf_surface_set_size(surface_.get(), sheet.width, sheet.height);
    context_ = Context(cairo_create(surface_.get()));
    cairo_select_font_face(context_.get(), kFont, CAIRO_FONT_SLANT_NORMAL,
                           CAIRO_FONT_WEIGHT_NORMAL);
  }

  absl::Status End() {
    cairo_show_page(context_.get());
    context_ = nullptr;
    return Check();
  }

  absl::Status Check() const {
    if (!written_.ok()) return written_;
    const cairo_status_t status = cairo_surface_status(surface_.get());
    if (status == CAIRO_STATUS_SUCCESS) return absl::OkStatus();
    return absl::ResourceExhaustedError(absl::StrCat("the PDF: ", cairo_status_to_string(status)));
  }

  static cairo_status_t WritePiece(void* closure, const unsigned char* data, unsigned int size) {
    auto& writer = *static_cast<PdfWriter*>(closure);
    writer.written_.Update(
        writer.sink_.Write({reinterpret_cast<const char*>(data), static_cast<size_t>(size)}));
    return writer.written_.ok() ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
  }

  const OutputOptions options_;
  TextSink& sink_;
  absl::Status written_;
  PageImages images_;
  std::map<int, std::string> pngs_;  // of pages that are not read yet
  Surface surface_;                  // none before the first page
  Context context_;                  // of the page that is being drawn
};

}  // namespace

std::unique_ptr<DocumentWriter> MakePdfWriter(OutputOptions options, TextSink& sink) {
  return std::make_unique<PdfWriter>(std::move(options), sink);
}

}  // namespace quire::client
