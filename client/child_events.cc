#include "client/child_events.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

#ifdef __linux__
#include <poll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#else
#include <fcntl.h>
#include <sys/event.h>
#endif

namespace quire::client {
namespace {

absl::Status CannotWatch(const char* what) {
  return absl::InternalError(
      absl::StrCat("cannot watch the ", what, " of the local server: ", std::strerror(errno)));
}

std::chrono::milliseconds LeftUntil(std::chrono::steady_clock::time_point deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return std::clamp(left, std::chrono::milliseconds(0), std::chrono::milliseconds(1'000'000));
}

}  // namespace

ChildEvents::ChildEvents(ChildEvents&& other) noexcept
    : child_fd_(std::exchange(other.child_fd_, -1)),
      folder_fd_(std::exchange(other.folder_fd_, -1)) {}

ChildEvents::~ChildEvents() {
  if (child_fd_ >= 0) close(child_fd_);
  if (folder_fd_ >= 0) close(folder_fd_);
}

#ifdef __linux__

absl::StatusOr<ChildEvents> ChildEvents::Open(pid_t pid, const std::string& folder) {
  ChildEvents events(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)),
                     inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (events.child_fd_ < 0) return CannotWatch("process");
  if (events.folder_fd_ < 0 ||
      inotify_add_watch(events.folder_fd_, folder.c_str(), IN_CREATE | IN_MOVED_TO) < 0) {
    return CannotWatch("folder");
  }
  return events;
}

bool ChildEvents::Wait(int wake_fd, std::chrono::steady_clock::time_point deadline) {
  std::array<pollfd, 3> waits = {{{.fd = child_fd_, .events = POLLIN, .revents = 0},
                                  {.fd = folder_fd_, .events = POLLIN, .revents = 0},
                                  {.fd = wake_fd, .events = POLLIN, .revents = 0}}};
  const int ready =
      poll(waits.data(), waits.size(), static_cast<int>(LeftUntil(deadline).count()));
  if (ready == 0) return std::chrono::steady_clock::now() < deadline;
  std::array<char, 4096> forgotten;
  while (waits[1].revents != 0 && read(folder_fd_, forgotten.data(), forgotten.size()) > 0) {
  }
  return true;
}

#else

absl::StatusOr<ChildEvents> ChildEvents::Open(pid_t pid, const std::string& folder) {
  ChildEvents events(kqueue(), open(folder.c_str(), O_RDONLY | O_CLOEXEC));
  if (events.child_fd_ < 0) return CannotWatch("process");
  if (events.folder_fd_ < 0) return CannotWatch("folder");
  struct kevent change = {};
  EV_SET(&change, pid, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0, nullptr);
  // ESRCH: it has ended already, which the caller sees when it looks.
  if (kevent(events.child_fd_, &change, 1, nullptr, 0, nullptr) < 0 && errno != ESRCH) {
    return CannotWatch("process");
  }
  EV_SET(&change, events.folder_fd_, EVFILT_VNODE, EV_ADD | EV_CLEAR, NOTE_WRITE, 0, nullptr);
  if (kevent(events.child_fd_, &change, 1, nullptr, 0, nullptr) < 0) return CannotWatch("folder");
  return events;
}

bool ChildEvents::Wait(int wake_fd, std::chrono::steady_clock::time_point deadline) {
  struct kevent change = {};
  EV_SET(&change, wake_fd, EVFILT_READ, EV_ADD | EV_ONESHOT, 0, 0, nullptr);
  const auto left = LeftUntil(deadline);
  const timespec timeout = {.tv_sec = left.count() / 1000,
                            .tv_nsec = left.count() % 1000 * 1'000'000};
  struct kevent event = {};
  const int ready = kevent(child_fd_, &change, wake_fd >= 0 ? 1 : 0, &event, 1, &timeout);
  return ready != 0 || std::chrono::steady_clock::now() < deadline;
}

#endif

}  // namespace quire::client
