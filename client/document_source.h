#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/interrupt.h"

namespace quire::client {

// The bytes of one document, from the start and again from the start. What cannot be read twice
// (a pipe) is copied to an unlinked temporary file first. One thread at a time.
class DocumentSource {
 public:
  // FileError when `path` ("-" is standard input) cannot be opened, is a folder, or the copy
  // fails; InterruptedError when the user cancelled while a pipe was copied.
  static absl::StatusOr<DocumentSource> Open(const std::string& path, const Interrupt& interrupt);
  ~DocumentSource();
  DocumentSource(DocumentSource&& other) noexcept;
  DocumentSource& operator=(DocumentSource&& other) noexcept;

  // Reads at most `capacity` bytes; 0 at the end. FileError.
  absl::StatusOr<size_t> Read(char* buffer, size_t capacity);
  // Starts again from the first byte.
  void Rewind() { offset_ = 0; }
  // Size in bytes when it was opened.
  int64_t size_bytes() const { return size_bytes_; }

 private:
  DocumentSource(std::string name, int fd) : name_(std::move(name)), fd_(fd) {}

  std::string name_;
  int fd_ = -1;
  int64_t offset_ = 0;
  int64_t size_bytes_ = 0;
};

}  // namespace quire::client
