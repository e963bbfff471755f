#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/score/text_scores.h"

namespace quire::client {

// Figures of several runs.
struct Spread {
  double median = 0;
  double least = 0;
  double most = 0;
};

// Of at least one value; of an even number the mean of the two in the middle.
Spread SpreadOf(std::vector<double> values);

// One page beside its truth.
struct PageScore {
  std::string name;  // "five_pages.pdf, page 2"; any bytes
  ErrorCount characters;
  ErrorCount words;
  ErrorCount normalised;
  double words_f1 = 0;
  std::optional<double> tables;  // TEDS; nothing where the truth has no table
};

PageScore ScorePage(std::string name, const std::string& truth, const std::string& read);

// All pages together.
struct Accuracy {
  int pages = 0;
  double character_error_rate = 0;  // edits of all pages over characters of all truths
  double word_error_rate = 0;       // likewise
  double normalised_distance = 0;   // mean over pages, as OmniDocBench takes it
  double words_f1 = 0;              // mean over pages
  std::optional<double> tables;     // mean over pages whose truth has tables
  Spread page_error_rate;           // character error rate of single pages
};

// Nothing for no pages.
std::optional<Accuracy> SumUp(const std::vector<PageScore>& pages);

// What was measured of one model, server or program. What could not be measured is empty.
struct CandidateResult {
  std::string name;
  std::string failure;                 // a sentence, where it was not measured at all
  std::string version;                 // of the server or program
  std::string device;                  // "cpu", "cuda:0"
  std::optional<double> ready_seconds; // from the start of its server to the first page it can take
  std::optional<double> load_seconds;  // of the model, as the worker says
  std::optional<Spread> simple_seconds;
  std::optional<Spread> complex_seconds;
  std::optional<Spread> pdf_seconds;
  std::optional<Spread> pdf_page_seconds;
  std::optional<int64_t> host_bytes;   // most resident memory of the process that reads
  std::optional<int64_t>
      device_bytes;                    // most device memory of its tensors, as the allocator counts
  int pages_read = 0;                  // in the last run of each document
  int pages_failed = 0;
  std::vector<std::string> notes;      // sentences about single documents
  std::vector<PageScore> pages;
};

// Seconds a page for comparisons: of the PDF, else of the complex, else of the simple image.
std::optional<double> PageSeconds(const CandidateResult& candidate);

}  // namespace quire::client
