#include "client/report/report_page.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/html/escape.h"
#include "client/html/markdown_html.h"
#include "client/join/page_parts.h"
#include "client/names.h"
#include "client/page_format.h"
#include "client/summary.h"
#include "proto/rich_status.h"

namespace quire::client {
namespace {

std::string FormatBox(const v1::Block& block, const v1::Box& box, const std::string& block_id) {
  return absl::StrFormat(
      "<rect class=\"box\" data-block=\"%s\" x=\"%.0f\" y=\"%.0f\" width=\"%.0f\" "
      "height=\"%.0f\"><title>%s</title></rect>",
      block_id, box.left_px(), box.top_px(), std::max(0.0, box.right_px() - box.left_px()),
      std::max(0.0, box.bottom_px() - box.top_px()), EscapeHtml(block.label()));
}

// A drawing in pixels of the page.
std::string FormatSheet(const v1::PageResult& page, const std::string& id,
                        const std::optional<PagePreview>& preview) {
  if (page.width_px() <= 0 || page.height_px() <= 0) return "<div></div>";
  const std::string size =
      absl::StrCat("width=\"", page.width_px(), "\" height=\"", page.height_px(), "\"");
  std::string sheet = absl::StrCat("<svg class=\"sheet\" viewBox=\"0 0 ", page.width_px(), " ",
                                   page.height_px(), "\" role=\"img\" aria-label=\"page ",
                                   page.page_number(), "\">");
  if (preview.has_value()) {
    absl::StrAppend(&sheet, "<image ", size, " preserveAspectRatio=\"none\" ",
                    "href=\"data:image/jpeg;base64,", absl::Base64Escape(preview->jpeg), "\"/>");
  } else {
    absl::StrAppend(&sheet, "<rect class=\"paper\" ", size, "/>");
  }
  for (int i = 0; i < page.blocks_size(); ++i) {
    for (const v1::Box& box : page.blocks(i).boxes()) {
      sheet += FormatBox(page.blocks(i), box, absl::StrCat(id, "b", i));
    }
  }
  return absl::StrCat(sheet, "</svg>\n");
}

std::string FormatText(const v1::PageResult& page, const std::string& id) {
  if (!BlocksHoldAll(page)) {
    return absl::StrCat("<div class=\"block\" id=\"", id, "b0\" tabindex=\"0\">",
                        MarkdownToHtml(page.markdown()), "</div>\n");
  }
  std::string text;
  for (int i = 0; i < page.blocks_size(); ++i) {
    const v1::Block& block = page.blocks(i);
    absl::StrAppend(&text, "<div class=\"block\" id=\"", id, "b", i, "\" data-label=\"",
                    EscapeHtml(block.label()), "\" tabindex=\"0\">", MarkdownToHtml(block.text()),
                    "</div>\n");
  }
  return text;
}

std::string FormatFacts(const v1::PageResult& page) {
  std::vector<std::string> facts = {
      absl::StrFormat("%d × %d px", page.width_px(), page.height_px()),
      FormatSeconds(page.total_seconds()),
      absl::StrFormat("%d tokens", page.output_tokens())};
  if (page.mean_log_probability() < 0) {
    facts.push_back(absl::StrFormat("mean probability of a token %.0f %%",
                                    100 * std::exp(page.mean_log_probability())));
  }
  if (page.rotation_degrees() != 0) {
    facts.push_back(absl::StrFormat("turned by %d°", page.rotation_degrees()));
  }
  if (page.turned_degrees() != 0) {
    facts.push_back(absl::StrFormat("read turned by %d°", page.turned_degrees()));
  }
  if (page.margins_cut()) facts.push_back("read again without its margins");
  if (page.deskewed_degrees() != 0) {
    facts.push_back(absl::StrFormat("made level by %.1f°", page.deskewed_degrees()));
  }
  if (page.frame_seconds() > 0) facts.push_back(absl::StrFormat("at %.2f s", page.frame_seconds()));
  if (page.text_source() == v1::TEXT_SOURCE_TEXT_LAYER) facts.push_back("the PDF's own text");
  if (page.text_layer().layer_characters() > 0) {
    facts.push_back(absl::StrFormat("%.1f %% from the PDF's own text",
                                    100 * page.text_layer().edit_distance()));
  }
  if (page.attempts() > 1) facts.push_back(absl::StrFormat("%d attempts", page.attempts()));
  if (!page.model().empty()) facts.push_back(EscapeHtml(page.model()));
  if (!page.worker_id().empty()) facts.push_back(EscapeHtml(page.worker_id()));
  std::string text = absl::StrCat("<p class=\"facts\">", absl::StrJoin(facts, " · "));
  if (page.finish_reason() == v1::FINISH_REASON_LENGTH ||
      page.finish_reason() == v1::FINISH_REASON_REPETITION) {
    absl::StrAppend(&text, " · <strong class=\"error\">cut off: ", NameOf(page.finish_reason()),
                    "</strong>");
  }
  if (page.finish_reason() == v1::FINISH_REASON_UNREADABLE) {
    absl::StrAppend(&text, " · <strong class=\"error\">", UnreadableNote(!page.markdown().empty()), "</strong>");
  }
  return absl::StrCat(text, "</p>\n");
}

// The page before it was cleaned up, behind a key that opens it.
std::string FormatUncleaned(const v1::PageResult& page, const std::optional<PagePreview>& preview) {
  if (!preview.has_value()) return "";
  return absl::StrCat(
      "<details class=\"uncleaned\"><summary>before it was cleaned up</summary>",
      "<img alt=\"page ", page.page_number(), " before it was cleaned up\" loading=\"lazy\" ",
      "src=\"data:image/jpeg;base64,", absl::Base64Escape(preview->jpeg), "\"></details>\n");
}

std::string PageBegin(int page_number, const std::string& id, const char* classes) {
  return absl::StrCat("<section class=\"", classes, "\" id=\"", id, "\" data-page=\"", page_number,
                      "\" tabindex=\"-1\">\n");
}

}  // namespace

std::string FormatStageBar(const v1::StageSeconds& seconds) {
  const auto stages = StageTimes(seconds);
  double total = 0;
  for (const StageTime& stage : stages) total += std::max(stage.seconds, 0.0);
  if (!(total > 0)) return "";
  std::string bar = "<svg class=\"bars\" viewBox=\"0 0 100 1\" preserveAspectRatio=\"none\" "
                    "role=\"img\" aria-label=\"seconds by stage\">";
  std::vector<std::string> figures;
  double at = 0;
  for (size_t i = 0; i < stages.size(); ++i) {
    const double share = 100 * std::max(stages[i].seconds, 0.0) / total;
    if (share <= 0) continue;
    const std::string figure = absl::StrCat(stages[i].name, " ", FormatSeconds(stages[i].seconds));
    absl::StrAppendFormat(&bar, "<rect class=\"s%d\" x=\"%.2f\" width=\"%.2f\" height=\"1\">"
                          "<title>%s</title></rect>", i, at, share, figure);
    figures.push_back(figure);
    at += share;
  }
  return absl::StrCat(bar, "</svg>\n<p class=\"stages\">", absl::StrJoin(figures, " · "), "</p>\n");
}

std::string FormatReportPage(const v1::PageResult& page, const std::string& id,
                             const PagePreviews& previews) {
  return absl::StrCat(
      PageBegin(page.page_number(), id, "page"), "<h2>Page ", page.page_number(), "</h2>\n",
      FormatFacts(page), "<div class=\"sides\">\n", FormatSheet(page, id, previews.as_read),
      "<div class=\"text\">\n", FormatText(page, id), "</div></div>\n",
      FormatUncleaned(page, previews.uncleaned), FormatStageBar(page.seconds()), "</section>\n");
}

std::string FormatFailedReportPage(const v1::PageFailed& page, const std::string& id) {
  const absl::Status status = FromProto(page.status());
  return absl::StrCat(PageBegin(page.page_number(), id, "page failed"), "<h2>Page ",
                      page.page_number(), " was not read</h2>\n<p>",
                      EscapeHtml(page.status().message()), " (", EscapeHtml(ReasonOf(status)), ", ",
                      page.attempts(), page.attempts() == 1 ? " attempt" : " attempts",
                      ")</p>\n</section>\n");
}

}  // namespace quire::client
