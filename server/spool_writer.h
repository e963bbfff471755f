#pragma once

#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "proto/mutex.h"
#include "server/spool.h"

namespace quire::server {

// Threads that write chunks into spool files, since a disk may make a writer wait. What waits is
// bounded: an upload sends its next chunk only after the last one was written. Thread-safe; the
// destructor writes what waits.
class SpoolWriter {
 public:
  explicit SpoolWriter(int threads = 2);
  ~SpoolWriter();

  // Appends `bytes` and calls `done` from a thread of this with SpoolFile::Append's status. One at a
  // time for each file, which is kept until then.
  void Append(std::shared_ptr<SpoolFile> file, std::string bytes,
              absl::AnyInvocable<void(absl::Status)> done);

 private:
  struct Chunk {
    std::shared_ptr<SpoolFile> file;  // second owner: its recognition
    std::string bytes;
    absl::AnyInvocable<void(absl::Status)> done;
  };
  void Work();

  Mutex mutex_;
  CondVar changed_;
  std::deque<Chunk> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace quire::server
