#include "client/report/report.h"

#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/html/escape.h"
#include "client/page_image.h"
#include "client/report/page_preview.h"
#include "client/report/report_assets.h"
#include "client/report/report_page.h"
#include "client/summary.h"
#include "proto/status.h"

namespace quire::client {
namespace {

constexpr size_t kMaxFailureLinks = 50;  // the key f goes through all of them

}  // namespace

// Writes one document into the report, and hands everything on.
class Report::Document : public DocumentWriter {
 public:
  Document(Report& report, std::string name, int preview_px, DocumentWriter& writer)
      : report_(report),
        name_(std::move(name)),
        id_(absl::StrCat("d", report.documents_)),
        preview_px_(preview_px),
        writer_(writer) {}

  absl::Status OnEvent(const v1::RecognizeResponse& event) override {
    QUIRE_RETURN_IF_ERROR(writer_.OnEvent(event));
    if (event.has_accepted()) return Begin();
    if (event.has_page_image()) return OnImage(event.page_image());
    if (event.has_page_result()) return OnPage(event.page_result());
    if (event.has_page_failed()) return OnFailed(event.page_failed());
    if (event.has_summary()) {
      return report_.Write(absl::StrCat(
          "<footer class=\"end\"><p>", EscapeHtml(FormatSummary(name_, event.summary(), false)),
          "</p>\n", FormatStageBar(event.summary().seconds()), "</footer>\n"));
    }
    return absl::OkStatus();
  }

  absl::Status OnEnd(const absl::Status& outcome) override {
    absl::Status status = writer_.OnEnd(outcome);
    if (!begun_ && status.ok()) status = Begin();
    if (!outcome.ok() && status.ok()) {
      status = report_.Write(absl::StrCat("<footer class=\"end\"><p class=\"error\">",
                                          EscapeHtml(std::string(outcome.message())),
                                          "</p></footer>\n"));
    }
    return status;
  }

 private:
  absl::Status Begin() {
    begun_ = true;
    return report_.Write(absl::StrCat("<header class=\"document\" id=\"", id_, "\"><h1>",
                                      EscapeHtml(name_), "</h1></header>\n"));
  }

  absl::Status OnImage(const v1::PageImageChunk& chunk) {
    if (preview_px_ == 0) return absl::OkStatus();  // others asked for it
    const std::optional<std::string> png = images_.Add(chunk);
    if (!png.has_value()) return absl::OkStatus();
    auto preview = MakePagePreview(*png, preview_px_);
    // A page without its picture is a blank sheet, and no reason to stop.
    if (!preview.ok()) return absl::OkStatus();
    PagePreviews& previews = previews_[chunk.page_number()];
    (chunk.uncleaned() ? previews.uncleaned : previews.as_read) = *std::move(preview);
    return absl::OkStatus();
  }

  absl::Status OnPage(const v1::PageResult& page) {
    ++report_.pages_read_;
    const auto found = previews_.extract(page.page_number());
    return report_.Write(FormatReportPage(page, IdOf(page.page_number()),
                                          found.empty() ? PagePreviews() : found.mapped()));
  }

  absl::Status OnFailed(const v1::PageFailed& page) {
    ++report_.pages_failed_;
    images_.Drop(page.page_number());
    previews_.erase(page.page_number());
    const std::string id = IdOf(page.page_number());
    if (report_.failures_.size() < kMaxFailureLinks) {
      report_.failures_.push_back(
          absl::StrCat("<a href=\"#", id, "\">page ", page.page_number(), "</a>"));
    }
    return report_.Write(FormatFailedReportPage(page, id));
  }

  std::string IdOf(int page_number) const { return absl::StrCat(id_, "p", page_number); }

  Report& report_;
  const std::string name_;
  const std::string id_;
  const int preview_px_;
  DocumentWriter& writer_;
  bool begun_ = false;
  PageImages images_;                     // that are not complete
  std::map<int, PagePreviews> previews_;  // of pages that are not read yet
};

absl::StatusOr<std::unique_ptr<Report>> Report::Create(const std::string& path) {
  const std::filesystem::path file(path);
  const std::string folder = file.parent_path().string();
  QUIRE_ASSIGN_OR_RETURN(auto sink, MakeFileSink(folder.empty() ? "." : folder,
                                                 file.stem().string(), file.extension().string()));
  return std::make_unique<Report>(std::move(sink));
}

std::unique_ptr<DocumentWriter> Report::AddDocument(const std::string& name, int preview_px,
                                                    DocumentWriter& writer) {
  ++documents_;
  return std::make_unique<Document>(*this, name, preview_px, writer);
}

absl::Status Report::Write(const std::string& text) {
  if (!std::exchange(begun_, true)) QUIRE_RETURN_IF_ERROR(sink_->Write(ReportBegin()));
  return sink_->Write(text);
}

std::string Report::FormatTotals() const {
  std::string totals = absl::StrFormat("<nav><p>%d %s, %d pages read", documents_,
                                       documents_ == 1 ? "document" : "documents", pages_read_);
  if (pages_failed_ > 0) {
    absl::StrAppendFormat(&totals, ", <strong class=\"error\">%d failed</strong>: %s%s",
                          pages_failed_, absl::StrJoin(failures_, ", "),
                          failures_.size() < static_cast<size_t>(pages_failed_) ? ", ..." : "");
  }
  return absl::StrCat(
      totals,
      "</p><p>page <input id=\"go\" type=\"number\" min=\"1\" aria-label=\"go to page\"> "
      "<kbd>j</kbd> next page <kbd>k</kbd> previous page <kbd>f</kbd> next failure <kbd>b</kbd> "
      "boxes <kbd>g</kbd> page number <kbd>Tab</kbd> next block</p></nav>\n");
}

absl::StatusOr<std::string> Report::Close() {
  QUIRE_RETURN_IF_ERROR(Write(FormatTotals()));
  QUIRE_RETURN_IF_ERROR(Write(ReportEnd()));
  return sink_->Commit(/*complete=*/true);
}

}  // namespace quire::client
