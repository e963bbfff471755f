#include "tests/service/remote_worker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace quire {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

std::string FreeAddress() {
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const bool bound = bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(probe);
  return bound ? absl::StrCat("127.0.0.1:", ntohs(address.sin_port)) : "";
}

RemoteWorker::RemoteWorker(RemoteWorkerOptions options) {
  server::ChildOptions child;
  child.program = absl::StrCat(QUIRE_BINARIES, "/", options.program);
  child.arguments = {"--model",  absl::StrCat(QUIRE_FIXTURES, "/models/nano"),
                     "--id",     options.id,
                     "--attach", absl::StrJoin(options.fronts, ",")};
  if (!options.token_file.empty()) {
    child.arguments.insert(child.arguments.end(), {"--token-file", options.token_file});
  }
  child.arguments.insert(child.arguments.end(), options.arguments.begin(),
                         options.arguments.end());
  child.environment = options.environment;
  thread_ = std::thread([this, network = options.network, child = std::move(child)] {
    if (network < 0 || setns(network, CLONE_NEWNET) == 0) KeepRunning(child);
  });
}

void RemoteWorker::KeepRunning(server::ChildOptions child) {
  while (true) {
    {
      MutexLock lock(mutex_);
      if (stopping_) return;
    }
    absl::StatusOr<server::ChildProcess> process = server::ChildProcess::Start(child);
    if (!process.ok()) return;
    {
      MutexLock lock(mutex_);
      pid_ = process->pid();
      ++lives_;
    }
    while (!process->WaitUntil(Clock::now() + std::chrono::milliseconds(50)).has_value()) {
      MutexLock lock(mutex_);
      if (stopping_) process->Signal(SIGTERM);
    }
    MutexLock lock(mutex_);
    pid_ = 0;
  }
}

RemoteWorker::~RemoteWorker() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    if (pid_ > 0) kill(pid_, SIGCONT);  // one that is frozen hears no SIGTERM
  }
  thread_.join();
}

void RemoteWorker::Signal(int signal) {
  MutexLock lock(mutex_);
  if (pid_ > 0) kill(pid_, signal);
}

pid_t RemoteWorker::pid() const {
  MutexLock lock(mutex_);
  return pid_;
}

int RemoteWorker::lives() const {
  MutexLock lock(mutex_);
  return lives_;
}

}  // namespace quire
