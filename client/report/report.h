#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/output.h"
#include "client/text_sink.h"

namespace quire::client {

// One HTML file about all documents of a call, written while they are read: no page is kept, but
// for the picture of one that is not read yet. One thread at a time.
class Report {
 public:
  // FileError when the file cannot be made.
  static absl::StatusOr<std::unique_ptr<Report>> Create(const std::string& path);
  // A report that goes to `sink`.
  explicit Report(std::unique_ptr<TextSink> sink) : sink_(std::move(sink)) {}

  // Tells the next document's answer to `writer` and to this report; both outlive what is returned.
  //   preview_px  longer side of the pages' pictures; 0: blank sheets
  std::unique_ptr<DocumentWriter> AddDocument(const std::string& name, int preview_px,
                                              DocumentWriter& writer);
  // Ends the file and gives it its name; call once. FileError.
  //   returns  its path
  absl::StatusOr<std::string> Close();

 private:
  class Document;
  absl::Status Write(const std::string& text);
  std::string FormatTotals() const;

  std::unique_ptr<TextSink> sink_;
  bool begun_ = false;
  int documents_ = 0;
  int pages_read_ = 0;
  int pages_failed_ = 0;
  std::vector<std::string> failures_;  // links, the first of them
};

}  // namespace quire::client
