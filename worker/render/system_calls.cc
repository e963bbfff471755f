#include "worker/render/system_calls.h"

#include <fcntl.h>
#include <seccomp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"

namespace quire::render {
namespace {

// Computing, the front's socket, the documents' descriptors.
constexpr const char* kAllowed[] = {
    "read", "write", "readv", "writev", "pread64", "close", "lseek", "fstat", "recvmsg", "poll", "mmap",
    "munmap", "mremap", "mprotect", "brk", "madvise", "futex", "rt_sigreturn", "rt_sigprocmask",
    "rt_sigaction", "sigaltstack", "exit", "exit_group", "clock_gettime", "clock_getres",
    "gettimeofday", "time", "nanosleep", "clock_nanosleep", "getrandom", "getpid", "gettid",
    "sched_yield", "sysinfo", "sched_getaffinity", "getrusage", "getuid", "geteuid", "getgid",
    "getegid", "set_robust_list", "rseq", "membarrier", "restart_syscall", "uname",
    // fonts; landlock says which files
    "newfstatat", "stat", "lstat", "statx", "readlink", "readlinkat", "access", "faccessat",
    "faccessat2", "getdents64", "fstatfs", "statfs", "getcwd", "fadvise64", "dup",
#ifdef QUIRE_SANITIZED
    "pipe2",  // how a sanitizer asks whether memory can be read
#endif
};

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Release>;

// Allows a call; one that this architecture does not have is left out.
int Allow(const Filter& filter, const char* name) {
  const int number = seccomp_syscall_resolve_name(name);
  return number < 0 ? 0 : seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, number, 0);
}

// Opening only to read, whatever landlock can do.
int AllowOpening(const Filter& filter) {
  constexpr unsigned kWriting = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;
  int error = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                               SCMP_A2(SCMP_CMP_MASKED_EQ, kWriting, 0));
  const int open_number = seccomp_syscall_resolve_name("open");
  if (error == 0 && open_number >= 0) {
    error = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, open_number, 1,
                             SCMP_A1(SCMP_CMP_MASKED_EQ, kWriting, 0));
  }
  return error;
}

// Looking at a descriptor's flags and locking a font cache; no other command.
int AllowFcntl(const Filter& filter) {
  int error = 0;
  for (const int command : {F_GETFD, F_SETFD, F_GETFL, F_SETLK, F_SETLKW, F_DUPFD_CLOEXEC}) {
    if (error != 0) return error;
    error = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
                             SCMP_A1(SCMP_CMP_EQ, static_cast<unsigned>(command)));
  }
  return error;
}

// abort() signals its own process with tgkill; what asks for a terminal's size or for limits is told
// that it cannot.
int AddSpecialRules(const Filter& filter) {
  int error = AllowOpening(filter);
  if (error == 0) error = AllowFcntl(filter);
  if (error == 0) {
    error = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                             SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(getpid())));
  }
  for (const int call : {SCMP_SYS(ioctl), SCMP_SYS(prlimit64)}) {
    if (error == 0) error = seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 0);
  }
  return error;
}

}  // namespace

absl::Status RestrictSystemCalls() {
  const Filter filter(seccomp_init(SCMP_ACT_KILL_PROCESS));
  if (filter == nullptr) return absl::UnimplementedError("seccomp: not in this kernel");
  int error = AddSpecialRules(filter);
  for (const char* name : kAllowed) {
    if (error == 0) error = Allow(filter, name);
  }
  if (error == 0) error = seccomp_load(filter.get());
  if (error == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("seccomp: the filter cannot be set: ", std::strerror(-error)));
}

}  // namespace quire::render
