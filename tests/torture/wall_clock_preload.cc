// Preloaded into a program, gives it a wall clock that somebody else may set: the kernel's plus what
// the file named by QUIRE_WALL_CLOCK holds, an int64 of nanoseconds. Monotonic clocks stay as they are.
//
// libfaketime 0.9.10 leaves waits on a futex alone, whose deadline the kernel then compares with its
// own clock: abseil's waits, and with them gRPC's timers, never end under a clock that it set forward
// and spin under one that it set back, which no real clock does to them. Here such a wait is made of
// short ones, between which the clock is looked at, so that a clock that is set meanwhile counts.

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

constexpr int64_t kSecond = 1'000'000'000;  // all times here are nanoseconds
constexpr int64_t kSlice = 50'000'000;      // a clock that was set counts after this at the latest

using Syscall = long (*)(long, ...);

Syscall RealSyscall() {
  static const auto real = reinterpret_cast<Syscall>(dlsym(RTLD_NEXT, "syscall"));
  return real;
}

int64_t Offset() {
  static const std::atomic<int64_t>* const offset = []() -> const std::atomic<int64_t>* {
    const char* path = std::getenv("QUIRE_WALL_CLOCK");
    const int fd = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    void* memory = fd < 0 ? MAP_FAILED : mmap(nullptr, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
    if (fd >= 0) close(fd);
    return memory == MAP_FAILED ? nullptr : static_cast<std::atomic<int64_t>*>(memory);
  }();
  return offset == nullptr ? 0 : offset->load(std::memory_order_relaxed);
}

// Before the program is locked into a sandbox.
[[gnu::constructor]] void Open() {
  RealSyscall();
  Offset();
}

int64_t Now(clockid_t clock) {
  timespec now = {};
  RealSyscall()(SYS_clock_gettime, clock, &now);
  const int64_t kernel = now.tv_sec * kSecond + now.tv_nsec;
  const bool is_wall_clock = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  return is_wall_clock ? kernel + Offset() : kernel;
}

timespec ToTimespec(int64_t time) { return {.tv_sec = time / kSecond, .tv_nsec = time % kSecond}; }

// FUTEX_WAIT_BITSET until `deadline` of the wall clock; as the system call.
long WaitUntil(long word, long operation, long value, int64_t deadline, long bits) {
  while (true) {
    const int64_t left = deadline - Now(CLOCK_REALTIME);
    const timespec until =
        ToTimespec(Now(CLOCK_MONOTONIC) + std::clamp<int64_t>(left, 0, kSlice));
    const long result = RealSyscall()(SYS_futex, word, operation & ~FUTEX_CLOCK_REALTIME, value,
                                      &until, nullptr, bits);
    if (result == 0 || errno != ETIMEDOUT || left <= kSlice) return result;
  }
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) {
    return static_cast<int>(RealSyscall()(SYS_clock_gettime, clock, now));
  }
  *now = ToTimespec(Now(clock));
  return 0;
}

int gettimeofday(timeval* now, void*) noexcept {
  const int64_t wall = Now(CLOCK_REALTIME);
  *now = {.tv_sec = wall / kSecond, .tv_usec = wall % kSecond / 1000};
  return 0;
}

time_t time(time_t* now) noexcept {
  const time_t wall = Now(CLOCK_REALTIME) / kSecond;
  if (now != nullptr) *now = wall;
  return wall;
}

long syscall(long number, ...) noexcept {
  va_list list;
  va_start(list, number);
  long a[6];
  for (long& argument : a) argument = va_arg(list, long);
  va_end(list);
  const auto* deadline = reinterpret_cast<const timespec*>(a[3]);
  const bool waits = number == SYS_futex && deadline != nullptr &&
                     (a[1] & ~FUTEX_PRIVATE_FLAG) == (FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME);
  if (!waits) return RealSyscall()(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  return WaitUntil(a[0], a[1], a[2], deadline->tv_sec * kSecond + deadline->tv_nsec, a[5]);
}

}  // extern "C"
