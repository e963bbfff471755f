#include "tests/client/quire_process.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "proto/check.h"

namespace quire::client {
namespace {

constexpr int kTimeoutMs = 30'000;

struct Pipe {
  int read_fd = -1;
  int write_fd = -1;
};

Pipe MakePipe() {
  int fds[2];
  QUIRE_CHECK(pipe2(fds, O_CLOEXEC) == 0);
  return {fds[0], fds[1]};
}

Pipe MakeTerminal() {
  int ours = -1;
  int theirs = -1;
  QUIRE_CHECK(openpty(&ours, &theirs, nullptr, nullptr, nullptr) == 0);
  fcntl(ours, F_SETFD, FD_CLOEXEC);
  fcntl(theirs, F_SETFD, FD_CLOEXEC);
  return {ours, theirs};
}

std::vector<std::string> MakeEnvironment(const std::vector<std::string>& added) {
  std::vector<std::string> environment = {"TERM=xterm"};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const std::string_view key = text.substr(0, text.find('=') + 1);
    const bool replaced = std::any_of(added.begin(), added.end(), [&](const std::string& other) {
      return other.rfind(key, 0) == 0;
    });
    if (text.rfind("QUIRE_", 0) != 0 && key != "TERM=" && !replaced) environment.emplace_back(text);
  }
  environment.insert(environment.end(), added.begin(), added.end());
  return environment;
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

void CloseIfOpen(int& fd) {
  if (fd >= 0) close(std::exchange(fd, -1));
}

}  // namespace

QuireProcess::QuireProcess(const QuireOptions& options) {
  const Pipe in = MakePipe();
  const Pipe out = MakePipe();
  const Pipe err = options.stderr_is_terminal ? MakeTerminal() : MakePipe();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.read_fd, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.write_fd, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.write_fd, STDERR_FILENO);
  // Tests may run where Ctrl-C is ignored or blocked.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) sigaddset(&signals, signal);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  std::vector<std::string> words = {options.program.empty() ? QUIRE_BINARIES "/quire"
                                                            : options.program};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  std::vector<std::string> environment = MakeEnvironment(options.environment);
  QUIRE_CHECK(posix_spawn(&pid_, words[0].c_str(), &actions, &attributes, Pointers(words).data(),
                          Pointers(environment).data()) == 0);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(in.read_fd);
  close(out.write_fd);
  close(err.write_fd);
  in_fd_ = in.write_fd;
  out_fd_ = out.read_fd;
  err_fd_ = err.read_fd;
  QUIRE_CHECK(options.input.size() <= 60'000);
  const bool written = write(in_fd_, options.input.data(), options.input.size()) ==
                       static_cast<ssize_t>(options.input.size());
  QUIRE_CHECK(written);
  if (!options.open_input) CloseIfOpen(in_fd_);
}

QuireProcess::~QuireProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  CloseIfOpen(in_fd_);
  CloseIfOpen(out_fd_);
  CloseIfOpen(err_fd_);
}

bool QuireProcess::ReadMore() {
  if (out_fd_ < 0 && err_fd_ < 0) return false;
  std::array<pollfd, 2> waits = {{{.fd = out_fd_, .events = POLLIN, .revents = 0},
                                  {.fd = err_fd_, .events = POLLIN, .revents = 0}}};
  if (poll(waits.data(), waits.size(), kTimeoutMs) <= 0) return false;
  std::array<char, 65536> buffer;
  const auto take = [&](const pollfd& wait, int& fd, std::string& text) {
    if (wait.revents == 0) return;
    const ssize_t bytes = read(fd, buffer.data(), buffer.size());
    if (bytes > 0) text.append(buffer.data(), static_cast<size_t>(bytes));
    if (bytes <= 0) CloseIfOpen(fd);
  };
  take(waits[0], out_fd_, out_);
  take(waits[1], err_fd_, err_);
  return true;
}

bool QuireProcess::WaitForOutput(const std::string& text) {
  while (out_.find(text) == std::string::npos) {
    if (!ReadMore()) return false;
  }
  return true;
}

bool QuireProcess::WaitForError(const std::string& text) {
  while (err_.find(text) == std::string::npos) {
    if (!ReadMore()) return false;
  }
  return true;
}

void QuireProcess::Signal(int signal) { kill(pid_, signal); }

void QuireProcess::CloseOutput() { CloseIfOpen(out_fd_); }

int QuireProcess::Wait() {
  while (ReadMore()) {
  }
  return out_fd_ >= 0 || err_fd_ >= 0 ? -1 : WaitUnread();
}

int QuireProcess::WaitUnread() {
  int status = 0;
  if (waitpid(std::exchange(pid_, -1), &status, 0) < 0) return -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

QuireResult RunQuire(const QuireOptions& options) {
  QuireProcess process(options);
  const int exit_code = process.Wait();
  return {exit_code, process.out(), process.err()};
}

}  // namespace quire::client
