#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "quire/v1/ocr.pb.h"

namespace quire::client {

// A page that ended while a bench measured.
struct PageSample {
  double ended_seconds = 0;  // after the measuring began
  int tokens = 0;
  double total_seconds = 0;  // from its entry into the queue
  std::array<double, 10> stage_seconds{};  // in the order of StageTimes()
};

// A document that ended while a bench measured.
struct DocumentSample {
  std::optional<double> first_page_seconds;  // since it was to be sent
  std::vector<PageSample> pages;
};

// What a bench measured.
struct BenchRun {
  std::string quire_version;   // the server's
  std::string machine;         // that sent
  std::vector<std::string> workers;  // "cpu: nano on cpu"
  bool on_host = true;         // every worker computes on a CPU
  std::string load;            // for people: "4 documents at once"
  double seconds = 0;          // measured
  std::vector<DocumentSample> documents;  // pages that ended outside the time are left out
  int documents_cut = 0;                  // that were still being read when the time was over
  int pages_failed = 0;
  std::map<std::string, int> errors;  // documents and pages by reason or status code
  std::optional<v1::DecodeProfile> decode;  // of the time, where workers time their steps
};

// Where a figure of many samples lies.
struct Percentiles {
  double p50 = 0, p90 = 0, p99 = 0;
};
// By the nearest rank; 0 for no samples.
Percentiles PercentilesOf(std::vector<double> samples);

// Sums that several reports need.
struct BenchTotals {
  int64_t pages = 0;
  int64_t tokens = 0;
  std::array<double, 10> stage_seconds{};
  double pages_per_second = 0;
  double tokens_per_second = 0;
};
BenchTotals TotalsOf(const BenchRun& run);

std::vector<double> FirstPageSeconds(const BenchRun& run);
std::vector<double> PageSeconds(const BenchRun& run);

}  // namespace quire::client
