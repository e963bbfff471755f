#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "proto/mutex.h"

namespace quire::server {

class Arena;

// A piece of an arena, given back when this goes.
class ArenaSpan {
 public:
  ArenaSpan() = default;
  ArenaSpan(std::shared_ptr<Arena> arena, uint64_t offset, uint64_t bytes)
      : arena_(std::move(arena)), offset_(offset), bytes_(bytes) {}
  ~ArenaSpan() { Release(); }
  ArenaSpan(ArenaSpan&& other) noexcept { *this = std::move(other); }
  ArenaSpan& operator=(ArenaSpan&& other) noexcept;

  // Keeps the first `bytes` and gives the rest back.
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
// alone hands out. Memory of a freed span goes back to the system when it is large. Thread-safe.
class Arena : public std::enable_shared_from_this<Arena> {
 public:
  // ResourceExhausted when the system gives no memory; the message has the size.
  static absl::StatusOr<std::shared_ptr<Arena>> Create(uint64_t bytes);
  ~Arena();

  // First fit; nothing when no free piece is large enough.
  std::optional<ArenaSpan> Allocate(uint64_t bytes);
  // The largest free piece, if it has at least `at_least` bytes.
  std::optional<ArenaSpan> AllocateLargest(uint64_t at_least);

  int fd() const { return fd_; }
  uint8_t* data() const { return data_; }
  uint64_t bytes() const { return bytes_; }
  uint64_t free_bytes() const;

 private:
  friend class ArenaSpan;
  Arena() = default;
  void Free(uint64_t offset, uint64_t bytes);
  int fd_ = -1;
  uint8_t* data_ = nullptr;
  uint64_t bytes_ = 0;
  mutable Mutex mutex_;
  std::map<uint64_t, uint64_t> free_ ABSL_GUARDED_BY(mutex_);  // offset -> bytes, never adjacent
};

}  // namespace quire::server
