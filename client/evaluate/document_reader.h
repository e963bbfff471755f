#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/evaluate/data_set.h"
#include "client/ocr_client.h"

namespace quire::client {

// A document as a candidate read it.
struct DocumentReading {
  std::map<int, std::string> pages;  // Markdown by page; pages that failed are missing
  std::vector<std::string> failures; // a sentence for each page that failed
  double seconds = 0;                // from the call to its end
};

// What reads documents: a server, or another program. One thread at a time.
class DocumentReader {
 public:
  virtual ~DocumentReader() = default;
  // An error that holds for this document, or, with exit code 6 or 130, for all that follow.
  virtual absl::StatusOr<DocumentReading> Read(const DataDocument& document) = 0;
};

// Pages of PDFs as files, for programs that cannot draw them. The folder goes with the object.
class PageImages {
 public:
  static absl::StatusOr<PageImages> Create();
  PageImages(PageImages&& other) noexcept;
  PageImages& operator=(PageImages&&) = delete;
  ~PageImages();

  // Adds bytes to a page's image.
  absl::Status Append(const std::string& document_path, int page, const std::string& bytes);
  // Paths by page; empty for a document that was not drawn.
  std::map<int, std::string> PagesOf(const std::string& document_path) const;

 private:
  PageImages() = default;
  std::string folder_;
  int files_ = 0;
  std::map<std::string, std::map<int, std::string>> paths_;
};

// A quire-server.
class ServerReader : public DocumentReader {
 public:
  // `client` and `interrupt` outlive it.
  ServerReader(OcrClient& client, v1::Task task, double timeout_seconds,
               const Interrupt& interrupt)
      : client_(client), task_(task), timeout_seconds_(timeout_seconds), interrupt_(interrupt) {}

  absl::StatusOr<DocumentReading> Read(const DataDocument& document) override;
  // Reads it once more for the images of its pages.
  absl::Status Draw(const DataDocument& document, PageImages& images);

 private:
  absl::StatusOr<DocumentReading> Call(const DataDocument& document, PageImages* images);

  OcrClient& client_;
  const v1::Task task_;
  const double timeout_seconds_;
  const Interrupt& interrupt_;
};

}  // namespace quire::client
