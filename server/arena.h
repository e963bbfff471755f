#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "proto/mutex.h"

namespace quire::server {

class Arena;

// A piece of an arena, given back when this goes. One thread at a time.
class ArenaSpan {
 public:
  ArenaSpan() = default;
  ArenaSpan(std::shared_ptr<Arena> arena, uint64_t offset, uint64_t bytes)
      : arena_(std::move(arena)), offset_(offset), bytes_(bytes) {}
  ~ArenaSpan() { Release(); }
  ArenaSpan(ArenaSpan&& other) noexcept { *this = std::move(other); }
  ArenaSpan& operator=(ArenaSpan&& other) noexcept;

  // Keeps the first `bytes` (1 or more) and gives the rest back.
  void ShrinkTo(uint64_t bytes);
  void Release();
  uint8_t* data() const;
  uint64_t offset() const { return offset_; }
  uint64_t bytes() const { return bytes_; }
  explicit operator bool() const { return arena_ != nullptr; }

 private:
  std::shared_ptr<Arena> arena_;  // second owner: whoever allocates from it
  uint64_t offset_ = 0;
  uint64_t bytes_ = 0;
};

// Memory that the front shares with one child: a memfd, sized and mapped once, whose spans the front
// alone hands out. The child cannot resize it, so the front can always read its mapping. Spans start
// at whole memory pages; the memory of large freed ones goes back to the system. Thread-safe.
class Arena : public std::enable_shared_from_this<Arena> {
 public:
  // `bytes` (1 or more) are rounded up to whole memory pages; they cost nothing before they are
  // written. `on_release` is called without a lock after each span or part of one that is given back,
  // from the thread that does; it must not block. ResourceExhausted when the system gives no memory;
  // the message has the size.
  static absl::StatusOr<std::shared_ptr<Arena>> Create(uint64_t bytes,
                                                       std::function<void()> on_release = nullptr);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // First fit; nothing when no free piece is large enough. 0 bytes are taken as 1.
  std::optional<ArenaSpan> Allocate(uint64_t bytes);
  // The largest free piece, if it has at least `at_least` bytes.
  std::optional<ArenaSpan> AllocateLargest(uint64_t at_least);

  int fd() const { return fd_; }
  uint8_t* data() const { return data_; }
  uint64_t bytes() const { return bytes_; }
  uint64_t free_bytes() const;
  uint64_t largest_free_bytes() const;

 private:
  friend class ArenaSpan;
  using FreeList = std::map<uint64_t, uint64_t>;  // offset -> bytes, never adjacent

  Arena() = default;
  ArenaSpan Take(FreeList::iterator piece, uint64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  FreeList::const_iterator Largest() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Free(uint64_t offset, uint64_t bytes);

  std::function<void()> on_release_;
  int fd_ = -1;
  uint8_t* data_ = nullptr;
  uint64_t bytes_ = 0;
  mutable Mutex mutex_;
  FreeList free_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace quire::server
