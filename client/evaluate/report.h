#pragma once

#include <string>
#include <vector>

#include "client/evaluate/candidate.h"
#include "client/evaluate/data_set.h"
#include "client/evaluate/evaluate_config.h"

namespace quire::client {

// All that an evaluation says.
struct EvaluationReport {
  std::string machine;
  std::string quire_version;
  std::string data_folder;  // any bytes
  std::string task;         // that models were given
  int runs = 0;
  std::string simple_name;  // documents that were timed; empty where there is none
  std::string complex_name;
  std::string pdf_name;
  std::vector<CandidateResult> candidates;
  std::string recommendation;
};

// One line of the comparison: its cells by candidate. Markdown, CSV and HTML show the same lines.
struct ReportLine {
  std::string key;    // "simple_seconds": the column in CSV
  std::string title;  // "simple image, seconds"
  struct Cell {
    std::string text;             // "0.42 (0.40 to 0.51)"; empty where nothing was measured
    std::optional<double> value;  // finite
  };
  std::vector<Cell> cells;
};
std::vector<ReportLine> ReportLines(const EvaluationReport& report);

// The report in one of its formats, ending in a line end. Numbers that are not finite are left out.
std::string FormatReport(const EvaluationReport& report, ReportFormat format);

// The HTML page; part of FormatReport.
std::string FormatHtmlReport(const EvaluationReport& report);

}  // namespace quire::client
