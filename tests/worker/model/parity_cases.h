#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "tests/parity/stored_page.h"
#include "worker/model/ocr_model.h"

namespace quire::worker {

// A model and a page of fixtures/parity, which tests/parity/make_fixtures.py makes. What cannot be
// read ends the test program: without fixtures there is nothing to test.
struct ParityCase {
  std::string model, page;
  friend void PrintTo(const ParityCase& one, std::ostream* out) {
    *out << one.model << "/" << one.page;
  }
};
std::string ParityModelFolder(const std::string& model);
std::unique_ptr<OcrModel> LoadParityModel(const std::string& model);
StoredPage ParityPage(const ParityCase& one);
// What transformers computed, by the names that make_fixtures.py gives.
std::map<std::string, at::Tensor> ParityReference(const ParityCase& one);
std::vector<int> ReferenceTokens(const std::map<std::string, at::Tensor>& reference);

// Reads prompts together, each in chunks of `chunk_rows`; who is through with its prompt writes
// while others are being prefilled. The best tokens of each, as many as the reference has.
std::vector<std::vector<int>> ReadGreedily(const OcrModel& model,
                                           const std::vector<at::Tensor>& prompts,
                                           int64_t chunk_rows);

}  // namespace quire::worker
