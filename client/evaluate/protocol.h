#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "client/evaluate/candidate.h"
#include "client/evaluate/data_set.h"
#include "client/evaluate/document_reader.h"

namespace quire::client {

// Reads every document of `data` with one candidate and fills times, pages and notes: once untimed
// to warm up (the simple image, else the first document), then `runs` times what is timed and once
// the others. A document that the candidate refuses counts as pages that were not read.
//   say      gets a line before each document
//   returns  an error that ends the whole candidate (exit code 6: gone, 130: cancelled)
absl::Status RunProtocol(const DataSet& data, int runs, DocumentReader& reader,
                         const std::function<void(const std::string&)>& say,
                         CandidateResult& result);

}  // namespace quire::client
