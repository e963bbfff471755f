#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/mutex.h"

namespace quire::server {

struct SpoolLimits {
  int64_t max_document_bytes = 500'000'000;
  int64_t max_total_bytes = 16LL << 30;   // all documents together
  int64_t memory_bytes = 64LL << 20;      // a document above this moves from memory to disk
  std::string directory;                  // for unlinked files; empty: $TMPDIR or /tmp
};

class Spool;

// One document's bytes while they come in and afterwards: a memfd first, an unlinked file once it is
// large. Nothing of it has a name on disk. One thread at a time; may outlive nothing: the Spool lives
// longer than its files.
class SpoolFile {
 public:
  ~SpoolFile();
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;

  // InvalidArgument (reason DOCUMENT_TOO_LARGE) above max_document_bytes, ResourceExhausted (reason
  // SPOOL_FULL, with RetryInfo) above max_total_bytes or when the disk is full, Internal (reason
  // SPOOL_UNUSABLE) when the folder cannot be written. After an error nothing was appended.
  absl::Status Append(std::string_view bytes);
  int64_t size() const { return size_; }
  // Whether it has left memory.
  bool on_disk() const { return on_disk_; }
  // Readable descriptor, owned by this until the next Append(); RenderPool::Open() duplicates it.
  int fd() const { return fd_; }

 private:
  friend class Spool;
  explicit SpoolFile(Spool& spool) : spool_(spool) {}
  absl::Status Write(std::string_view bytes);
  absl::Status MoveToDisk();
  Spool& spool_;
  int fd_ = -1;
  int64_t size_ = 0;
  bool on_disk_ = false;
};

// All documents' bytes, bounded. Thread-safe.
class Spool {
 public:
  explicit Spool(SpoolLimits limits);
  // An empty one. ResourceExhausted (reason SPOOL_FULL) when the process has no descriptor left.
  absl::StatusOr<std::unique_ptr<SpoolFile>> Create();
  // Bytes of all files that there are now.
  int64_t total_bytes() const;
  const SpoolLimits& limits() const { return limits_; }

 private:
  friend class SpoolFile;
  absl::Status Grow(int64_t bytes);
  void Shrink(int64_t bytes);
  const SpoolLimits limits_;
  mutable Mutex mutex_;
  int64_t total_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace quire::server
