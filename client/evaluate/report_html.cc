#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/evaluate/report.h"
#include "client/html/escape.h"

namespace quire::client {
namespace {

// The same in every column, however wide its text makes it: bars are compared.
constexpr double kLongestBarEm = 6;

constexpr char kStyle[] =
    "body{font:15px/1.4 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3em .6em;"
    "border-bottom:1px solid #ccc;vertical-align:top}"
    ".bar{height:.5em;background:#36c;margin-top:.2em;min-width:1px}"
    ".best{font-weight:bold}.choice{padding:.8em;background:#eef3ff}";

// F1 and TEDS are better when larger.
bool LargerIsBetter(const std::string& key) { return key == "words_f1" || key == "teds"; }

std::string FormatRow(const ReportLine& line) {
  double largest = 0;
  std::optional<double> best;
  for (const auto& cell : line.cells) {
    if (!cell.value.has_value()) continue;
    largest = std::max(largest, *cell.value);
    const bool better =
        !best.has_value() || (LargerIsBetter(line.key) ? *cell.value > *best : *cell.value < *best);
    if (better) best = cell.value;
  }
  std::string row = absl::StrCat("<tr><th scope=\"row\">", EscapeHtml(line.title), "</th>");
  for (const auto& cell : line.cells) {
    const bool is_best = cell.value.has_value() && cell.value == best;
    absl::StrAppend(&row, is_best ? "<td class=\"best\">" : "<td>",
                    cell.text.empty() ? "–" : EscapeHtml(cell.text));
    if (cell.value.has_value() && largest > 0) {
      absl::StrAppendFormat(&row, "<div class=\"bar\" style=\"width:%.2fem\"></div>",
                            std::clamp(*cell.value / largest, 0.0, 1.0) * kLongestBarEm);
    }
    absl::StrAppend(&row, "</td>");
  }
  return absl::StrCat(row, "</tr>\n");
}

}  // namespace

std::string FormatHtmlReport(const EvaluationReport& report) {
  std::string page = absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Evaluation</title>"
      "<style>",
      kStyle, "</style></head><body>\n<h1>Evaluation</h1>\n<p>", EscapeHtml(report.machine), ". quire ",
      EscapeHtml(report.quire_version), ". Data: ", EscapeHtml(report.data_folder),
      ". Task: ", EscapeHtml(report.task), ". Medians of ",
      report.runs, " runs (least to most); accuracy over all documents. Bars are relative to the "
      "largest of a row, the best is bold.</p>\n<p class=\"choice\">",
      EscapeHtml(report.recommendation), "</p>\n<table><thead><tr><th></th>");
  for (const CandidateResult& candidate : report.candidates) {
    absl::StrAppend(&page, "<th scope=\"col\">", EscapeHtml(candidate.name), "</th>");
  }
  absl::StrAppend(&page, "</tr></thead><tbody>\n");
  for (const ReportLine& line : ReportLines(report)) absl::StrAppend(&page, FormatRow(line));
  absl::StrAppend(&page, "</tbody></table>\n<ul>\n");
  for (const CandidateResult& candidate : report.candidates) {
    for (const std::string& note : candidate.notes) {
      absl::StrAppend(&page, "<li>", EscapeHtml(candidate.name), ": ", EscapeHtml(note), "</li>\n");
    }
  }
  return absl::StrCat(page, "</ul>\n</body></html>\n");
}

}  // namespace quire::client
