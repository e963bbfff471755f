#include "server/arena.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "proto/check.h"

namespace quire::server {
namespace {

constexpr uint64_t kPageBytes = 4096;
// Smaller freed spans keep their memory: giving it back costs more than it saves.
constexpr uint64_t kReturnedBytes = 256 << 10;

uint64_t RoundUp(uint64_t bytes) { return (bytes + kPageBytes - 1) / kPageBytes * kPageBytes; }

absl::Status CannotShare(uint64_t bytes, const char* step) {
  return absl::ResourceExhaustedError(
      absl::StrCat("no ", bytes, " bytes of memory to share with a child process (", step, ": ",
                   std::strerror(errno), "); give the server more memory or share less"));
}

}  // namespace

ArenaSpan& ArenaSpan::operator=(ArenaSpan&& other) noexcept {
  if (this == &other) return *this;
  Release();
  arena_ = std::move(other.arena_);
  other.arena_ = nullptr;
  offset_ = std::exchange(other.offset_, 0);
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

void ArenaSpan::ShrinkTo(uint64_t bytes) {
  QUIRE_CHECK(arena_ != nullptr && bytes > 0 && bytes <= bytes_);
  const uint64_t kept = RoundUp(bytes);
  const uint64_t held = RoundUp(bytes_);
  bytes_ = bytes;
  if (kept < held) arena_->Free(offset_ + kept, held - kept);
}

void ArenaSpan::Release() {
  if (arena_ == nullptr) return;
  const std::shared_ptr<Arena> arena = std::exchange(arena_, nullptr);
  arena->Free(offset_, RoundUp(std::exchange(bytes_, 0)));
}

uint8_t* ArenaSpan::data() const { return arena_ == nullptr ? nullptr : arena_->data() + offset_; }

absl::StatusOr<std::shared_ptr<Arena>> Arena::Create(uint64_t bytes,
                                                     std::function<void()> on_release) {
  if (bytes == 0) return absl::InvalidArgumentError("an arena of 0 bytes was asked for");
  const std::shared_ptr<Arena> arena(new Arena());  // its constructor is private
  arena->bytes_ = RoundUp(bytes);
  arena->on_release_ = std::move(on_release);
  arena->fd_ = memfd_create("quire-arena", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (arena->fd_ < 0) return CannotShare(bytes, "memfd_create");
  if (ftruncate(arena->fd_, static_cast<off_t>(arena->bytes_)) != 0) {
    return CannotShare(bytes, "ftruncate");
  }
  if (fcntl(arena->fd_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return CannotShare(bytes, "F_ADD_SEALS");
  }
  void* mapped = mmap(nullptr, arena->bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                      arena->fd_, 0);
  if (mapped == MAP_FAILED) return CannotShare(bytes, "mmap");
  arena->data_ = static_cast<uint8_t*>(mapped);
  MutexLock lock(arena->mutex_);
  arena->free_.emplace(0, arena->bytes_);
  return arena;
}

Arena::~Arena() {
  if (data_ != nullptr) munmap(data_, bytes_);
  if (fd_ >= 0) close(fd_);
}

std::optional<ArenaSpan> Arena::Allocate(uint64_t bytes) {
  if (bytes > bytes_) return std::nullopt;
  bytes = std::max<uint64_t>(bytes, 1);
  MutexLock lock(mutex_);
  const auto fits = [&](const auto& piece) { return piece.second >= RoundUp(bytes); };
  const auto piece = std::find_if(free_.begin(), free_.end(), fits);
  if (piece == free_.end()) return std::nullopt;
  return Take(piece, bytes);
}

std::optional<ArenaSpan> Arena::AllocateLargest(uint64_t at_least) {
  MutexLock lock(mutex_);
  const auto largest = Largest();
  if (largest == free_.end() || largest->second < at_least) return std::nullopt;
  return Take(free_.find(largest->first), largest->second);
}

uint64_t Arena::free_bytes() const {
  MutexLock lock(mutex_);
  uint64_t sum = 0;
  for (const auto& [offset, bytes] : free_) sum += bytes;
  return sum;
}

uint64_t Arena::largest_free_bytes() const {
  MutexLock lock(mutex_);
  const auto largest = Largest();
  return largest == free_.end() ? 0 : largest->second;
}

Arena::FreeList::const_iterator Arena::Largest() const {
  return std::max_element(free_.begin(), free_.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; });
}

ArenaSpan Arena::Take(FreeList::iterator piece, uint64_t bytes) {
  const auto [offset, free_bytes] = *piece;
  const uint64_t taken = RoundUp(bytes);
  free_.erase(piece);
  if (taken < free_bytes) free_.emplace(offset + taken, free_bytes - taken);
  return ArenaSpan(shared_from_this(), offset, bytes);
}

void Arena::Free(uint64_t offset, uint64_t bytes) {
  // Before the span can be handed out again. A failure costs memory only.
  if (bytes >= kReturnedBytes) {
    (void)fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                    static_cast<off_t>(bytes));
  }
  {
    MutexLock lock(mutex_);
    const auto [piece, inserted] = free_.emplace(offset, bytes);
    QUIRE_CHECK(inserted);
    const auto next = std::next(piece);
    QUIRE_CHECK(next == free_.end() || offset + bytes <= next->first);
    if (next != free_.end() && offset + bytes == next->first) {
      piece->second += next->second;
      free_.erase(next);
    }
    if (piece != free_.begin()) {
      const auto previous = std::prev(piece);
      QUIRE_CHECK(previous->first + previous->second <= offset);
      if (previous->first + previous->second == offset) {
        previous->second += piece->second;
        free_.erase(piece);
      }
    }
  }
  if (on_release_) on_release_();
}

}  // namespace quire::server
