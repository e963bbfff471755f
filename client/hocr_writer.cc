#include "client/hocr_writer.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "client/html/escape.h"
#include "client/html/markdown_html.h"
#include "client/join/page_parts.h"
#include "client/page_format.h"
#include "proto/status.h"
#include "proto/version.h"

namespace quire::client {
namespace {

// Every class that is written below must stand here.
constexpr char kCapabilities[] =
    "ocr_page ocr_carea ocr_par ocr_chapter ocr_section ocr_subsection ocr_caption ocr_display "
    "ocr_table ocr_image ocr_header ocr_footer ocr_pageno";

// An element for a block's text.
struct Element {
  const char* tag;
  const char* type;  // its class
};

Element ElementFor(const std::string& label, std::string_view text) {
  if (text.starts_with("###")) return {"h3", "ocr_subsection"};
  if (text.starts_with("##")) return {"h2", "ocr_section"};
  if (text.starts_with("#")) return {"h1", "ocr_chapter"};
  if (label == "table") return {"div", "ocr_table"};
  if (label == "image" || label == "figure") return {"div", "ocr_image"};
  if (label == "equation" || label == "formula") return {"div", "ocr_display"};
  if (label == "header" || label == "page_header") return {"div", "ocr_header"};
  if (label == "footer" || label == "page_footer") return {"div", "ocr_footer"};
  if (label == "page_number") return {"div", "ocr_pageno"};
  if (label.ends_with("_caption")) return {"div", "ocr_caption"};
  return {"p", "ocr_par"};
}

// Around all of a block's boxes, within the page.
std::optional<std::string> BoundingBox(const v1::Block& block, const v1::PageResult& page) {
  if (block.boxes().empty()) return std::nullopt;
  double left = page.width_px();
  double top = page.height_px();
  double right = 0;
  double bottom = 0;
  for (const v1::Box& box : block.boxes()) {
    left = std::min(left, box.left_px());
    top = std::min(top, box.top_px());
    right = std::max(right, box.right_px());
    bottom = std::max(bottom, box.bottom_px());
  }
  const auto whole = [](double value, int limit) {
    return static_cast<int>(std::lround(std::clamp(value, 0.0, static_cast<double>(limit))));
  };
  return absl::StrFormat("bbox %d %d %d %d", whole(left, page.width_px()),
                         whole(top, page.height_px()), whole(right, page.width_px()),
                         whole(bottom, page.height_px()));
}

std::string Lines(std::string_view markdown) {
  std::string text = MarkdownToText(markdown);
  absl::StripAsciiWhitespace(&text);
  return absl::StrReplaceAll(EscapeHtml(text), {{"\n", "<br/>\n"}});
}

std::string FormatBlock(const v1::Block& block, const v1::PageResult& page,
                        const std::string& id) {
  const Element element = ElementFor(absl::AsciiStrToLower(block.label()), block.text());
  const auto box = BoundingBox(block, page);
  const std::string title = box.has_value() ? absl::StrCat(" title=\"", *box, "\"") : "";
  return absl::StrCat("  <div class=\"ocr_carea\" id=\"block_", id, "\"", title, ">\n   <",
                      element.tag, " class=\"", element.type, "\" id=\"par_", id, "\"", title, ">",
                      Lines(block.text()), "</", element.tag, ">\n  </div>\n");
}

std::string FormatPage(const v1::PageResult& page, const std::string& document_name) {
  const int number = page.page_number();
  // A quotation mark would end the name.
  const std::string name = absl::StrReplaceAll(document_name, {{"\"", "'"}});
  std::string text = absl::StrFormat(
      " <div class=\"ocr_page\" id=\"page_%d\" title=\"image &quot;%s&quot;; bbox 0 0 %d %d; "
      "ppageno %d",
      number, EscapeHtml(name), page.width_px(), page.height_px(), number - 1);
  const int dpi = static_cast<int>(std::lround(page.render_dpi()));
  if (dpi > 0) absl::StrAppendFormat(&text, "; scan_res %d %d", dpi, dpi);
  absl::StrAppend(&text, "\">\n");
  if (page.finish_reason() == v1::FINISH_REASON_UNREADABLE) {
    absl::StrAppend(&text, "  <!-- ", UnreadableNote(!page.markdown().empty()), " -->\n");
    if (page.markdown().empty()) return absl::StrCat(text, " </div>\n");
  }
  if (BlocksHoldAll(page)) {
    for (int i = 0; i < page.blocks_size(); ++i) {
      text += FormatBlock(page.blocks(i), page, absl::StrCat(number, "_", i + 1));
    }
  } else {
    absl::StrAppend(&text, "  <p class=\"ocr_par\" id=\"par_", number, "_1\">",
                    Lines(page.markdown()), "</p>\n");
  }
  return absl::StrCat(text, " </div>\n");
}

class HocrWriter : public DocumentWriter {
 public:
  HocrWriter(OutputOptions options, TextSink& sink) : options_(std::move(options)), sink_(sink) {}

  absl::Status OnEvent(const v1::RecognizeResponse& event) override {
    if (event.has_accepted()) return Begin(event.accepted().selected_pages());
    if (event.has_page_result()) {
      return sink_.Write(FormatPage(event.page_result(), options_.document_name));
    }
    if (event.has_page_failed()) {
      const int number = event.page_failed().page_number();
      return sink_.Write(absl::StrFormat(
          " <div class=\"ocr_page\" id=\"page_%d\" title=\"ppageno %d\">\n  <!-- not read: %s -->\n"
          " </div>\n",
          number, number - 1,
          absl::StrReplaceAll(EscapeHtml(event.page_failed().status().message()),
                              {{"--", "- -"}})));
    }
    return absl::OkStatus();
  }

  absl::Status OnEnd(const absl::Status&) override {
    if (!begun_) QUIRE_RETURN_IF_ERROR(Begin(0));
    return sink_.Write("</body>\n</html>\n");
  }

 private:
  absl::Status Begin(int pages) {
    begun_ = true;
    return sink_.Write(absl::StrFormat(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" "
        "\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n"
        "<html xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<title>%s</title>\n"
        "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\"/>\n"
        "<meta name=\"ocr-system\" content=\"quire %s\"/>\n"
        "<meta name=\"ocr-capabilities\" content=\"%s\"/>\n"
        "<meta name=\"ocr-number-of-pages\" content=\"%d\"/>\n</head>\n<body>\n",
        EscapeHtml(options_.document_name), kVersion, kCapabilities, pages));
  }

  const OutputOptions options_;
  TextSink& sink_;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<DocumentWriter> MakeHocrWriter(OutputOptions options, TextSink& sink) {
  return std::make_unique<HocrWriter>(std::move(options), sink);
}

}  // namespace quire::client
