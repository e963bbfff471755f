#include "client/evaluate/report.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "client/json_format.h"
#include "client/page_format.h"

namespace quire::client {
namespace {

using Cell = ReportLine::Cell;

constexpr char kNothing[] = "–";

Cell NumberCell(std::optional<double> value, int decimals, double scale = 1) {
  if (!value.has_value() || !std::isfinite(*value)) return {};
  return {.text = absl::StrFormat("%.*f", decimals, *value * scale), .value = *value * scale};
}

Cell MegabytesCell(const std::optional<int64_t>& bytes) {
  return bytes.has_value() ? NumberCell(static_cast<double>(*bytes), 0, 1e-6) : Cell();
}

Cell SpreadCell(const std::optional<Spread>& spread, int decimals, double scale = 1) {
  if (!spread.has_value() || !std::isfinite(spread->median)) return {};
  return {.text = absl::StrFormat("%.*f (%.*f to %.*f)", decimals, spread->median * scale,
                                  decimals, spread->least * scale, decimals, spread->most * scale),
          .value = spread->median * scale};
}

template <typename Make>
ReportLine Line(const EvaluationReport& report, const char* key, std::string title, Make make) {
  ReportLine line{.key = key, .title = std::move(title)};
  for (const CandidateResult& candidate : report.candidates) line.cells.push_back(make(candidate));
  return line;
}

// A line of a figure that Accuracy holds.
template <typename Member>
ReportLine AccuracyLine(const EvaluationReport& report, const char* key, std::string title,
                        Member member, int decimals, double scale) {
  return Line(report, key, std::move(title), [&](const CandidateResult& candidate) {
    const auto accuracy = SumUp(candidate.pages);
    return accuracy.has_value() && candidate.failure.empty()
               ? NumberCell((*accuracy).*member, decimals, scale)
               : Cell();
  });
}

std::string WithName(const char* title, const std::string& name) {
  return name.empty() ? title : absl::StrCat(title, " (", Printable(name), ")");
}

// One cell of a Markdown table.
std::string MarkdownCell(const std::string& text) {
  return absl::StrReplaceAll(Printable(text), {{"|", "\\|"}});
}

std::string CsvCell(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(Printable(text), {{"\"", "\"\""}}), "\"");
}

std::string FormatMarkdown(const EvaluationReport& report) {
  std::string text = absl::StrFormat(
      "# Evaluation\n\nMachine: %s. quire %s. Data: %s. Task: %s. Medians of %d runs (least to most); "
      "accuracy over all documents.\n\n| |",
      report.machine, report.quire_version, Printable(report.data_folder), report.task,
      report.runs);
  for (const auto& candidate : report.candidates) {
    absl::StrAppend(&text, " ", MarkdownCell(candidate.name), " |");
  }
  absl::StrAppend(&text, "\n|---|");
  for (size_t i = 0; i < report.candidates.size(); ++i) absl::StrAppend(&text, "---|");
  text += '\n';
  for (const ReportLine& line : ReportLines(report)) {
    absl::StrAppend(&text, "| ", MarkdownCell(line.title), " |");
    for (const Cell& cell : line.cells) {
      absl::StrAppend(&text, " ", cell.text.empty() ? kNothing : MarkdownCell(cell.text), " |");
    }
    text += '\n';
  }
  for (const auto& candidate : report.candidates) {
    for (const std::string& note : candidate.notes) {
      absl::StrAppend(&text, "\n- ", Printable(candidate.name), ": ", Printable(note));
    }
  }
  if (text.back() != '\n') text += '\n';
  return absl::StrCat(text, "\n", report.recommendation, "\n");
}

// One row for a candidate.
std::string FormatCsv(const EvaluationReport& report) {
  const std::vector<ReportLine> lines = ReportLines(report);
  std::string text = "candidate";
  for (const ReportLine& line : lines) absl::StrAppend(&text, ",", line.key);
  text += '\n';
  for (size_t i = 0; i < report.candidates.size(); ++i) {
    absl::StrAppend(&text, CsvCell(report.candidates[i].name));
    for (const ReportLine& line : lines) {
      const Cell& cell = line.cells[i];
      absl::StrAppend(&text, ",");
      if (cell.value.has_value()) {
        absl::StrAppend(&text, *cell.value);
      } else if (!cell.text.empty()) {
        absl::StrAppend(&text, CsvCell(cell.text));
      }
    }
    text += '\n';
  }
  return text;
}

Json ToJson(std::optional<double> value) {
  return value.has_value() && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

Json ToJson(const std::optional<Spread>& spread) {
  if (!spread.has_value()) return nullptr;
  return {{"median", ToJson(spread->median)},
          {"least", ToJson(spread->least)},
          {"most", ToJson(spread->most)}};
}

Json AccuracyToJson(const CandidateResult& candidate) {
  const auto sum = SumUp(candidate.pages);
  if (!sum.has_value() || !candidate.failure.empty()) return nullptr;
  return {{"pages", sum->pages},
          {"character_error_rate", ToJson(sum->character_error_rate)},
          {"page_character_error_rate", ToJson(std::optional(sum->page_error_rate))},
          {"word_error_rate", ToJson(sum->word_error_rate)},
          {"normalised_edit_distance", ToJson(sum->normalised_distance)},
          {"words_f1", ToJson(sum->words_f1)},
          {"teds", ToJson(sum->tables)}};
}

Json PagesToJson(const CandidateResult& candidate) {
  Json pages = Json::array();
  for (const PageScore& page : candidate.pages) {
    pages.push_back({{"page", page.name},
                     {"character_error_rate", ToJson(page.characters.Rate())},
                     {"word_error_rate", ToJson(page.words.Rate())},
                     {"normalised_edit_distance", ToJson(page.normalised.Rate())},
                     {"words_f1", ToJson(page.words_f1)},
                     {"teds", ToJson(page.tables)}});
  }
  return pages;
}

std::string FormatJson(const EvaluationReport& report) {
  Json candidates = Json::array();
  for (const CandidateResult& candidate : report.candidates) {
    const auto bytes = [](const std::optional<int64_t>& value) {
      return value.has_value() ? Json(*value) : Json(nullptr);
    };
    candidates.push_back(
        {{"name", candidate.name},
         {"failure", candidate.failure.empty() ? Json(nullptr) : Json(candidate.failure)},
         {"version", candidate.version},
         {"device", candidate.device},
         {"ready_seconds", ToJson(candidate.ready_seconds)},
         {"load_seconds", ToJson(candidate.load_seconds)},
         {"simple_seconds", ToJson(candidate.simple_seconds)},
         {"complex_seconds", ToJson(candidate.complex_seconds)},
         {"pdf_seconds", ToJson(candidate.pdf_seconds)},
         {"pdf_page_seconds", ToJson(candidate.pdf_page_seconds)},
         {"host_bytes", bytes(candidate.host_bytes)},
         {"device_bytes", bytes(candidate.device_bytes)},
         {"pages_read", candidate.pages_read},
         {"pages_failed", candidate.pages_failed},
         {"accuracy", AccuracyToJson(candidate)},
         {"pages", PagesToJson(candidate)},
         {"notes", candidate.notes}});
  }
  return Dump({{"machine", report.machine},
               {"quire_version", report.quire_version},
               {"data", report.data_folder},
               {"task", report.task},
               {"runs", report.runs},
               {"simple", report.simple_name},
               {"complex", report.complex_name},
               {"pdf", report.pdf_name},
               {"candidates", candidates},
               {"recommendation", report.recommendation}}) +
         "\n";
}

}  // namespace

std::vector<ReportLine> ReportLines(const EvaluationReport& report) {
  const auto text = [](const std::string& value) { return Cell{.text = value}; };
  const auto line = [&](const char* key, std::string title, auto make) {
    return Line(report, key, std::move(title), make);
  };
  using Result = const CandidateResult&;
  return {
      line("state", "state",
           [&](Result c) { return text(c.failure.empty() ? "measured" : c.failure); }),
      line("version", "version", [&](Result c) { return text(c.version); }),
      line("device", "device", [&](Result c) { return text(c.device); }),
      line("ready_seconds", "start to ready, seconds",
           [](Result c) { return NumberCell(c.ready_seconds, 2); }),
      line("load_seconds", "loading the model, seconds",
           [](Result c) { return NumberCell(c.load_seconds, 2); }),
      line("simple_seconds", WithName("simple image, seconds", report.simple_name),
           [](Result c) { return SpreadCell(c.simple_seconds, 2); }),
      line("complex_seconds", WithName("complex image, seconds", report.complex_name),
           [](Result c) { return SpreadCell(c.complex_seconds, 2); }),
      line("pdf_seconds", WithName("PDF, seconds", report.pdf_name),
           [](Result c) { return SpreadCell(c.pdf_seconds, 2); }),
      line("pdf_page_seconds", "PDF, seconds a page",
           [](Result c) { return SpreadCell(c.pdf_page_seconds, 2); }),
      line("host_megabytes", "peak host memory, MB",
           [](Result c) { return MegabytesCell(c.host_bytes); }),
      line("device_megabytes", "peak device memory, MB",
           [](Result c) { return MegabytesCell(c.device_bytes); }),
      line("pages_failed", "pages not read",
           [](Result c) { return c.failure.empty() ? NumberCell(c.pages_failed, 0) : Cell(); }),
      AccuracyLine(report, "character_error_percent", "wrong characters, %",
                   &Accuracy::character_error_rate, 2, 100),
      line("page_character_error_percent", "wrong characters of a page, %",
           [](Result c) {
             const auto sum = SumUp(c.pages);
             return sum.has_value() && c.failure.empty() ? SpreadCell(sum->page_error_rate, 2, 100)
                                                         : Cell();
           }),
      AccuracyLine(report, "word_error_percent", "wrong words, %", &Accuracy::word_error_rate, 2,
                   100),
      AccuracyLine(report, "normalised_edit_distance", "normalised edit distance",
                   &Accuracy::normalised_distance, 4, 1),
      AccuracyLine(report, "words_f1", "F1 of words, order aside", &Accuracy::words_f1, 4, 1),
      AccuracyLine(report, "teds", "tables, TEDS", &Accuracy::tables, 4, 1),
  };
}

std::string FormatReport(const EvaluationReport& report, ReportFormat format) {
  switch (format) {
    case ReportFormat::kMarkdown:
      return FormatMarkdown(report);
    case ReportFormat::kCsv:
      return FormatCsv(report);
    case ReportFormat::kJson:
      return FormatJson(report);
    case ReportFormat::kHtml:
      return FormatHtmlReport(report);
  }
  return "";
}

}  // namespace quire::client
