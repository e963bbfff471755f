#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "quire/v1/ocr.pb.h"

namespace quire::client {

// The pages of one document that are in the output folder, kept beside the output until all of it
// is there, so that a later call need not read them again: a line that says what was read and how,
// then the server's messages. It outlives a kill: what was cut off at its end is left out. One
// thread at a time.
class PageJournal {
 public:
  //   path      of the file; it and its folder are made by the first message
  //   identity  one line; pages that were read under another one do not count
  //   resume    false: no earlier page counts
  PageJournal(std::string path, std::string identity, bool resume);

  // What the server said when it opened the document; nothing when no page counts.
  const std::optional<v1::DocumentAccepted>& accepted() const { return accepted_; }
  // Whether an earlier call has read all pages and written the output.
  bool is_complete() const { return complete_; }
  // 1-based page -> where it stands in the file.
  const std::map<int, int64_t>& pages() const { return pages_; }
  // A page of pages(). DataLoss when the file has been changed.
  absl::StatusOr<v1::PageResult> Read(int page_number) const;

  // Keeps what a later call needs of a message: the opening, and pages that were read. FileError.
  absl::Status Add(const v1::RecognizeResponse& event);
  // Says that the output is written in full; forgets the pages' text. FileError.
  absl::Status Complete();

 private:
  void Load();
  absl::Status Append(const v1::RecognizeResponse& event);
  absl::Status StartAnew(const std::string& path, const v1::RecognizeResponse* first) const;

  const std::string path_;
  const std::string identity_;
  std::optional<v1::DocumentAccepted> accepted_;
  bool complete_ = false;
  std::map<int, int64_t> pages_;
};

// The identity of a document and of how it is read: its size, its time of change, the options but
// for request_id. Nothing for what is no file, such as standard input.
std::optional<std::string> JournalIdentity(const std::string& path,
                                           const v1::RecognizeOptions& options);

}  // namespace quire::client
