#include "server/spool_writer.h"

#include <utility>

namespace quire::server {

SpoolWriter::SpoolWriter(int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

SpoolWriter::~SpoolWriter() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

void SpoolWriter::Append(std::shared_ptr<SpoolFile> file, std::string bytes,
                         absl::AnyInvocable<void(absl::Status)> done) {
  MutexLock lock(mutex_);
  waiting_.push_back({std::move(file), std::move(bytes), std::move(done)});
  changed_.NotifyOne();
}

void SpoolWriter::Work() {
  while (true) {
    Chunk chunk;
    {
      MutexLock lock(mutex_);
      while (waiting_.empty() && !stopping_) changed_.Wait(mutex_);
      if (waiting_.empty()) return;
      chunk = std::move(waiting_.front());
      waiting_.pop_front();
    }
    absl::Status status = chunk.file->Append(chunk.bytes);
    chunk.file = nullptr;
    chunk.done(std::move(status));
  }
}

}  // namespace quire::server
