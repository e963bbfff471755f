#include "client/output.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/hocr_writer.h"
#include "client/join/joined_writer.h"
#include "client/json_format.h"
#include "client/page_format.h"
#include "client/pdf/pdf_writer.h"
#include "client/stream_writer.h"
#include "proto/rich_status.h"
#include "proto/status.h"

namespace quire::client {
namespace {

// Markdown and plain text: a heading line and the text, for each page.
class PageTextWriter : public DocumentWriter {
 public:
  PageTextWriter(OutputOptions options, TextSink& sink)
      : options_(std::move(options)), sink_(sink) {}

  absl::Status OnEvent(const v1::RecognizeResponse& event) override {
    if (event.has_accepted() && options_.several) {
      return sink_.Write(DocumentHeading(options_.document_name, options_.format));
    }
    if (event.has_page_result()) {
      const v1::PageResult& page = event.page_result();
      const bool unreadable = page.finish_reason() == v1::FINISH_REASON_UNREADABLE;
      return WritePage(PageHeading(page.page_number(), options_.format,
                                   unreadable ? UnreadableNote(!page.markdown().empty()) : ""),
                       PageBody(page, options_.format, options_.raw));
    }
    if (event.has_page_failed()) {
      const std::string note = absl::StrCat("not read: ", event.page_failed().status().message());
      return WritePage(PageHeading(event.page_failed().page_number(), options_.format, note), "");
    }
    return absl::OkStatus();
  }

  absl::Status OnEnd(const absl::Status&) override { return absl::OkStatus(); }

 private:
  absl::Status WritePage(std::string text, const std::string& body) {
    absl::StrAppend(&text, body);
    if (text.back() != '\n') text += '\n';
    // An empty line keeps the next heading out of a paragraph, table or list.
    text += '\n';
    return sink_.Write(text);
  }

  const OutputOptions options_;
  TextSink& sink_;
};

// One object for the document, its pages written as they come: a line each, or all in one line
// where other documents follow.
class JsonWriter : public DocumentWriter {
 public:
  JsonWriter(OutputOptions options, TextSink& sink)
      : options_(std::move(options)), line_(options_.several ? "" : "\n"), sink_(sink) {}

  absl::Status OnEvent(const v1::RecognizeResponse& event) override {
    if (event.has_accepted()) {
      return Begin(DocumentToJson(options_.document_name, event.accepted()));
    }
    if (event.has_page_result()) return WritePage(PageToJson(event.page_result()));
    if (event.has_page_failed()) return WritePage(FailedPageToJson(event.page_failed()));
    if (event.has_summary()) summary_ = SummaryToJson(event.summary());
    return absl::OkStatus();
  }

  absl::Status OnEnd(const absl::Status& outcome) override {
    if (!begun_) QUIRE_RETURN_IF_ERROR(Begin({{"file", options_.document_name}}));
    return sink_.Write(absl::StrCat(line_, "],\"summary\":", Dump(summary_),
                                    ",\"error\":", Dump(ErrorToJson(outcome)), "}\n"));
  }

 private:
  absl::Status Begin(const Json& document) {
    begun_ = true;
    std::string text = Dump(document);
    text.pop_back();  // the closing brace
    return sink_.Write(absl::StrCat(text, ",\"pages\":["));
  }

  absl::Status WritePage(const Json& page) {
    const char* comma = std::exchange(has_pages_, true) ? "," : "";
    return sink_.Write(absl::StrCat(comma, line_, Dump(page)));
  }

  const OutputOptions options_;
  const std::string line_;
  TextSink& sink_;
  bool begun_ = false;
  bool has_pages_ = false;
  Json summary_ = nullptr;
};

}  // namespace

std::unique_ptr<DocumentWriter> MakeDocumentWriter(OutputOptions options, TextSink& sink) {
  if (options.format == OutputFormat::kJson) {
    return std::make_unique<JsonWriter>(std::move(options), sink);
  }
  if (options.format == OutputFormat::kDocument) return MakeJoinedWriter(std::move(options), sink);
  if (options.format == OutputFormat::kHocr) return MakeHocrWriter(std::move(options), sink);
  if (options.format == OutputFormat::kPdf) return MakePdfWriter(std::move(options), sink);
  if (options.stream) return std::make_unique<StreamWriter>(std::move(options), sink);
  return std::make_unique<PageTextWriter>(std::move(options), sink);
}

}  // namespace quire::client
