#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "worker/render/document.h"

namespace quire::render {

// The documents that a renderer has open, each with its file mapped into memory. When their files
// together grow larger than allowed, those that were not used for longest are forgotten; the front
// opens one again when it needs it. One thread.
class OpenDocuments {
 public:
  // most_bytes  of all files but the last; most_documents at once, 1 or more
  OpenDocuments(int64_t most_bytes, size_t most_documents)
      : most_bytes_(most_bytes), most_documents_(most_documents) {}

  // Maps the file of `bytes` bytes behind `fd`, which stays the caller's, and opens it under `id`,
  // in place of one that has that number. OpenDocument()'s errors; ResourceExhausted (RENDER_MEMORY)
  // when it cannot be mapped; InvalidArgument (EMPTY_DOCUMENT).
  absl::StatusOr<Document*> Open(uint64_t id, int fd, uint64_t bytes, const std::string& password,
                                 const DocumentLimits& limits);
  // Null when it is not open.
  Document* Find(uint64_t id);
  void Close(uint64_t id);
  size_t size() const { return entries_.size(); }

 private:
  // A file in memory, read-only; unmapped when this goes.
  class Mapping {
   public:
    Mapping(const uint8_t* data, size_t size) : bytes_(data, size) {}
    ~Mapping();
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    Bytes bytes() const { return bytes_; }

   private:
    const Bytes bytes_;
  };
  struct Entry {
    uint64_t id = 0;
    std::unique_ptr<Mapping> file;
    std::unique_ptr<Document> document;  // after the file, which it reads
  };

  static absl::StatusOr<std::unique_ptr<Mapping>> Map(int fd, uint64_t bytes);
  void MakeRoom(int64_t bytes);

  const int64_t most_bytes_;
  const size_t most_documents_;
  std::list<Entry> entries_;  // the one used last comes first
};

}  // namespace quire::render
