#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/evaluate/document_reader.h"
#include "client/interrupt.h"

namespace quire::client {

// The program `tesseract` as a candidate: one process for each page, --psm 3, language models as
// installed. It cannot draw PDFs and gets the pages as the first server drew them.
class TesseractReader : public DocumentReader {
 public:
  // NotFound when it is not installed.
  //   language  as its -l takes it: "eng", "eng+deu"
  //   images    pages of PDFs; outlives it, as `interrupt` does
  static absl::StatusOr<TesseractReader> Find(const std::string& language, const PageImages& images,
                                              Interrupt& interrupt);

  absl::StatusOr<DocumentReading> Read(const DataDocument& document) override;
  const std::string& version() const { return version_; }  // "5.3.0"
  // Most resident memory of its processes so far, in bytes.
  int64_t peak_bytes() const { return peak_bytes_; }

 private:
  TesseractReader(std::string language, const PageImages& images, Interrupt& interrupt)
      : language_(std::move(language)), images_(images), interrupt_(interrupt) {}
  // What it prints. FailedPrecondition with its own words when it fails.
  absl::StatusOr<std::string> Run(const std::vector<std::string>& arguments);

  std::string language_;
  const PageImages& images_;
  Interrupt& interrupt_;
  std::string version_;
  int64_t peak_bytes_ = 0;
};

}  // namespace quire::client
