#include "client/local_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/child_events.h"
#include "client/exit_code.h"
#include "proto/status.h"

#ifdef __linux__
#include <sys/prctl.h>
#else
#include <mach-o/dyld.h>
#endif

namespace quire::client {
namespace {

constexpr auto kStartTimeout = std::chrono::minutes(10);  // a large model from a slow disk
constexpr auto kStopTimeout = std::chrono::seconds(15);
constexpr size_t kMaxSocketPath = 100;  // a little under what every system takes
constexpr size_t kLogTailBytes = 2000;

absl::Status CannotStart(const std::string& why) {
  return WithExitCode(absl::UnavailableError(absl::StrCat("--local: ", why)), kExitNoServer);
}

// A new folder for this user alone.
absl::StatusOr<std::string> MakeFolder() {
  std::error_code error;
  std::string base = std::filesystem::temp_directory_path(error).string();
  if (error || base.size() + 40 > kMaxSocketPath) base = "/tmp";
  std::string folder = base + "/quire-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return FileError("create a folder like", folder, errno);
  return folder;
}

// The last lines of a file; empty when there are none.
std::string TailOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (text.size() <= kLogTailBytes) return text;
  const size_t line = text.find('\n', text.size() - kLogTailBytes);
  return line == std::string::npos ? "" : text.substr(line + 1);
}

// Between fork and exec, where little is allowed. Does not return.
[[noreturn]] void BecomeServer(std::vector<char*>& arguments, int log_fd, pid_t parent,
                               int error_fd) {
  setpgid(0, 0);
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(1);
#else
  (void)parent;
#endif
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  const int null_fd = open("/dev/null", O_RDONLY);
  dup2(null_fd, STDIN_FILENO);
  dup2(log_fd, STDOUT_FILENO);
  dup2(log_fd, STDERR_FILENO);
  execvp(arguments[0], arguments.data());
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(error_fd, &error, sizeof(error));
  _exit(127);
}

std::string DescribeEnd(int wait_status) {
  if (WIFSIGNALED(wait_status)) return absl::StrCat("was ended by signal ", WTERMSIG(wait_status));
  return absl::StrCat("ended with exit code ", WEXITSTATUS(wait_status));
}

}  // namespace

std::string OwnFolder() {
  std::error_code error;
#ifdef __linux__
  const std::filesystem::path own = std::filesystem::read_symlink("/proc/self/exe", error);
#else
  char path[4096] = "";
  uint32_t size = sizeof(path);
  _NSGetExecutablePath(path, &size);
  const std::filesystem::path own = std::filesystem::canonical(path, error);
#endif
  return error ? "" : own.parent_path().string();
}

std::string FindServerProgram() {
  const std::filesystem::path beside = std::filesystem::path(OwnFolder()) / "quire-server";
  if (access(beside.c_str(), X_OK) == 0) return beside.string();
  return "quire-server";
}

absl::StatusOr<std::unique_ptr<LocalServer>> LocalServer::Start(const std::string& program,
                                                                const std::string& model,
                                                                const Interrupt& interrupt,
                                                                std::vector<std::string> more) {
  std::unique_ptr<LocalServer> server(new LocalServer());
  QUIRE_ASSIGN_OR_RETURN(server->folder_, MakeFolder());
  QUIRE_RETURN_IF_ERROR(server->Launch(program, model, more));
  QUIRE_RETURN_IF_ERROR(server->WaitUntilReady(interrupt));
  return server;
}

absl::Status LocalServer::Launch(const std::string& program, const std::string& model,
                                 const std::vector<std::string>& more) {
  std::vector<std::string> words = {program,        "--listen",          address(),
                                    "--metrics-listen", "none",          "--ready-file",
                                    ReadyPath()};
  if (!model.empty()) words.insert(words.end(), {"--model", model});
  words.insert(words.end(), more.begin(), more.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const int log_fd = open(LogPath().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log_fd < 0) return FileError("create", LogPath(), errno);
  int error_pipe[2];
  if (pipe(error_pipe) != 0) {
    close(log_fd);
    return CannotStart(absl::StrCat("no pipe for the server: ", std::strerror(errno)));
  }
  for (const int fd : error_pipe) fcntl(fd, F_SETFD, FD_CLOEXEC);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) BecomeServer(arguments, log_fd, parent, error_pipe[1]);
  int error = pid_ < 0 ? errno : 0;
  close(log_fd);
  close(error_pipe[1]);
  // The pipe ends without a byte when exec succeeds.
  if (pid_ > 0) {
    while (read(error_pipe[0], &error, sizeof(error)) < 0 && errno == EINTR) {
    }
  }
  close(error_pipe[0]);
  if (error == 0) return absl::OkStatus();
  return CannotStart(absl::StrCat("cannot start ", program, ": ", std::strerror(error),
                                  "; it belongs beside quire or into PATH"));
}

absl::Status LocalServer::WaitUntilReady(const Interrupt& interrupt) {
  QUIRE_ASSIGN_OR_RETURN(ChildEvents events, ChildEvents::Open(pid_, folder_));
  const auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
  std::error_code ignored;
  while (!std::filesystem::exists(ReadyPath(), ignored)) {
    if (interrupt.requested()) return InterruptedError();
    if (HasEnded()) {
      return CannotStart(absl::StrCat("quire-server ", DescribeEnd(wait_status_),
                                      " before it was ready. It said:\n", TailOf(LogPath())));
    }
    if (!events.Wait(interrupt.fd(), deadline)) {
      return CannotStart(absl::StrFormat("quire-server was not ready after %d min. It said:\n%s",
                                         kStartTimeout.count(), TailOf(LogPath())));
    }
  }
  return absl::OkStatus();
}

bool LocalServer::HasEnded() {
  if (pid_ > 0 && waitpid(pid_, &wait_status_, WNOHANG) == pid_) pid_ = -1;
  return pid_ <= 0;
}

LocalServer::~LocalServer() {
  if (!HasEnded()) {
    auto events = ChildEvents::Open(pid_, folder_);
    const auto deadline = std::chrono::steady_clock::now() + kStopTimeout;
    kill(pid_, SIGTERM);
    while (events.ok() && !HasEnded() && events->Wait(/*wake_fd=*/-1, deadline)) {
    }
    if (!HasEnded()) {
      kill(-pid_, SIGKILL);
      waitpid(pid_, &wait_status_, 0);
    }
  }
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

}  // namespace quire::client
