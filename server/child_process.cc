#include "server/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/check.h"

namespace quire::server {
namespace {

constexpr unsigned kCloseRangeCloexec = 1U << 2;  // CLOSE_RANGE_CLOEXEC of linux/close_range.h
constexpr int kOldSystemDescriptors = 65536;      // looked at where close_range() is missing

// Everything that the new process needs, made before fork: after it only async-signal-safe calls
// are allowed, since another thread may have held any lock.
struct Launch {
  const char* program = nullptr;
  std::vector<char*> arguments;    // ends with nullptr
  std::vector<char*> environment;  // ends with nullptr
  std::vector<ChildOptions::Descriptor> descriptors;
  int first_spare_fd = 3;  // above every number that the child wants
  int error_fd = -1;       // where errno goes
  pid_t parent = -1;
};

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  return pointers;
}

// Sets close-on-exec on everything above stderr.
void CloseOnExec() {
  if (syscall(SYS_close_range, 3U, ~0U, kCloseRangeCloexec) == 0) return;
  for (int fd = 3; fd < kOldSystemDescriptors; ++fd) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

// Puts each descriptor under the child's number. By way of spare numbers, since a parent's number
// may be another one's target.
bool PlaceDescriptors(Launch& launch) {
  const int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0) return false;
  launch.error_fd = fcntl(launch.error_fd, F_DUPFD_CLOEXEC, launch.first_spare_fd);
  if (launch.error_fd < 0) return false;
  for (ChildOptions::Descriptor& descriptor : launch.descriptors) {
    descriptor.parent_fd = fcntl(descriptor.parent_fd, F_DUPFD_CLOEXEC, launch.first_spare_fd);
    if (descriptor.parent_fd < 0) return false;
  }
  CloseOnExec();
  for (const ChildOptions::Descriptor& descriptor : launch.descriptors) {
    if (dup2(descriptor.parent_fd, descriptor.child_fd) < 0) return false;
  }
  return true;
}

void ResetSignals() {
  struct sigaction plain = {};
  plain.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) sigaction(signal, &plain, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// In the child: becomes the program, or tells errno and ends.
[[noreturn]] void BecomeProgram(Launch& launch) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != launch.parent) _exit(1);  // the parent went before it was asked for
  ResetSignals();
  if (PlaceDescriptors(launch)) {
    execve(launch.program, launch.arguments.data(), launch.environment.data());
  }
  const int error = errno;
  (void)!write(launch.error_fd, &error, sizeof(error));
  _exit(127);
}

absl::Status CannotRun(const std::string& program, int error) {
  const std::string message = absl::StrCat("cannot run ", program, ": ", std::strerror(error));
  switch (error) {
    case ENOENT:
    case ENOTDIR: return absl::NotFoundError(message);
    case EACCES:
    case EPERM: return absl::PermissionDeniedError(message);
    case ENOEXEC: return absl::InvalidArgumentError(message);
    case EAGAIN:
    case ENOMEM:
    case EMFILE:
    case ENFILE: return absl::ResourceExhaustedError(message);
    default: return absl::InternalError(message);
  }
}

// fork() with all signals blocked, so that no handler of ours runs in the child.
pid_t ForkInto(Launch& launch) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = fork();
  if (pid == 0) BecomeProgram(launch);
  const int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

// What the child wrote before it could run the program; 0 when it runs.
int ReadError(int fd) {
  int error = 0;
  ssize_t got;
  do {
    got = read(fd, &error, sizeof(error));
  } while (got < 0 && errno == EINTR);
  return got == sizeof(error) ? error : 0;
}

}  // namespace

std::string ExitState::Describe() const {
  std::string text = signal == 0 ? absl::StrCat("exit code ", code)
                                 : absl::StrCat("signal ", signal, " (", strsignal(signal), ")");
  if (!reason.empty()) absl::StrAppend(&text, ": ", reason);
  return text;
}

absl::StatusOr<ChildProcess> ChildProcess::Start(const ChildOptions& options) {
  std::vector<std::string> arguments = options.arguments;
  arguments.insert(arguments.begin(), options.program);
  Launch launch{.program = options.program.c_str(),
                .arguments = Pointers(arguments),
                .environment = Pointers(options.environment),
                .descriptors = options.descriptors,
                .parent = getpid()};
  for (char** entry = environ; *entry != nullptr; ++entry) launch.environment.push_back(*entry);
  launch.arguments.push_back(nullptr);
  launch.environment.push_back(nullptr);
  for (const ChildOptions::Descriptor& descriptor : options.descriptors) {
    QUIRE_CHECK(descriptor.child_fd > STDERR_FILENO);
    launch.first_spare_fd = std::max(launch.first_spare_fd, descriptor.child_fd + 1);
  }
  int error_pipe[2];
  if (pipe2(error_pipe, O_CLOEXEC) != 0) return CannotRun(options.program, errno);
  launch.error_fd = error_pipe[1];
  ChildProcess child;
  child.pid_ = ForkInto(launch);
  int error = child.pid_ < 0 ? errno : 0;
  close(error_pipe[1]);
  if (child.running()) error = ReadError(error_pipe[0]);
  close(error_pipe[0]);
  if (error != 0) return CannotRun(options.program, error);
  child.exit_fd_ = static_cast<int>(syscall(SYS_pidfd_open, child.pid_, 0));
  if (child.exit_fd_ < 0) return CannotRun(options.program, errno);
  return child;
}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this == &other) return *this;
  Kill();
  pid_ = std::exchange(other.pid_, -1);
  exit_fd_ = std::exchange(other.exit_fd_, -1);
  return *this;
}

void ChildProcess::Signal(int signal) {
  if (running()) kill(pid_, signal);
}

std::optional<ExitState> ChildProcess::Poll() { return Reap(WNOHANG); }

std::optional<ExitState> ChildProcess::WaitUntil(std::chrono::steady_clock::time_point deadline) {
  while (running()) {
    if (std::optional<ExitState> state = Poll()) return state;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    pollfd ended = {.fd = exit_fd_, .events = POLLIN};
    poll(&ended, 1, static_cast<int>(std::min<int64_t>(left.count(), INT_MAX)));
  }
  return std::nullopt;
}

std::optional<ExitState> ChildProcess::Kill() {
  Signal(SIGKILL);
  return Reap(0);
}

std::optional<ExitState> ChildProcess::Reap(int wait_options) {
  if (!running()) return std::nullopt;
  int status = 0;
  pid_t reaped;
  do {
    reaped = waitpid(pid_, &status, wait_options);
  } while (reaped < 0 && errno == EINTR);
  if (reaped == 0) return std::nullopt;
  pid_ = -1;
  if (exit_fd_ >= 0) close(std::exchange(exit_fd_, -1));
  ExitState state;
  if (reaped < 0) {  // somebody else reaped it, or SIGCHLD is ignored
    state.code = -1;
  } else if (WIFSIGNALED(status)) {
    state.signal = WTERMSIG(status);
  } else {
    state.code = WEXITSTATUS(status);
  }
  return state;
}

}  // namespace quire::server
