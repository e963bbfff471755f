#include "tests/torture/stepped_clock.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstdio>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace quire {

SteppedClock::SteppedClock(std::string file) : file_(std::move(file)) {
  const int fd = open(file_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0 || ftruncate(fd, sizeof(*ahead_)) != 0) std::abort();
  void* memory = mmap(nullptr, sizeof(*ahead_), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (memory == MAP_FAILED) std::abort();
  ahead_ = static_cast<std::atomic<int64_t>*>(memory);
}

SteppedClock::~SteppedClock() { munmap(ahead_, sizeof(*ahead_)); }

std::vector<std::string> SteppedClock::environment() const {
#ifdef QUIRE_SANITIZED
  return {};
#else
  return {absl::StrCat("LD_PRELOAD=", QUIRE_WALL_CLOCK_LIBRARY),
          absl::StrCat("QUIRE_WALL_CLOCK=", file_)};
#endif
}

void SteppedClock::Set(std::chrono::seconds ahead) {
  ahead_->store(std::chrono::nanoseconds(ahead).count());
}

bool SteppedClock::Works() {
  constexpr std::chrono::seconds kAhead = std::chrono::hours(24 * 400);
  Set(kAhead);
  const std::string command = absl::StrCat(absl::StrJoin(environment(), " "), " date +%s");
  FILE* const date = popen(command.c_str(), "r");
  long long seen = 0;
  const bool told = date != nullptr && std::fscanf(date, "%lld", &seen) == 1;
  if (date != nullptr) pclose(date);
  Set(std::chrono::seconds(0));
  return told && seen - std::time(nullptr) > kAhead.count() / 2;
}

}  // namespace quire
