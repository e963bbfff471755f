#include "tests/torture/restarted_service.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"

namespace quire {
namespace {

using Clock = std::chrono::steady_clock;

// What is the process's own: not the arena, which counts in each process that ever looked at a piece of
// it, and which is bounded by its size.
int64_t AnonymousBytes(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/statm"));
  int64_t size = 0;
  int64_t resident = 0;
  int64_t shared = 0;
  file >> size >> resident >> shared;
  return (resident - shared) * sysconf(_SC_PAGESIZE);
}

std::vector<pid_t> Processes(const RunningService& service) {
  std::vector<pid_t> all;
  for (const char* program : {"quire-fake-worker", "quire-render", "quire-server"}) {
    const std::vector<pid_t> some = service.Children(program);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace

RestartedService::RestartedService(RestartedServiceOptions options)
    : options_(std::move(options)),
      address_(absl::StrCat("unix:", options_.folder, "/front.sock")) {}

bool RestartedService::Start() {
  std::vector<std::string> environment = options_.environment;
  environment.push_back("QUIRE_FAKE_DELAY_MS=8");
  auto started = RunningService::Start(
      {.arguments = {"--listen", address_, "--workers", "2", "--worker-args=--slots=4",
                     "--page-stall-seconds", "10", "--max-page-attempts", "20", "--render-seconds",
                     "3", "--drain-seconds", "5", "--max-documents", "10", "--worker-listen",
                     options_.worker_address, "--worker-token-file", options_.token_file,
                     "--spool-dir", options_.spool_folder, "--spool-memory-megabytes", "1"},
       .environment = std::move(environment)});
  if (!started.ok()) {
    std::fprintf(stderr, "%s\n", std::string(started.status().message()).c_str());
    return false;
  }
  MutexLock lock(mutex_);
  running_ = *std::move(started);
  return true;
}

bool RestartedService::StartAgain(bool by_crash) {
  End(by_crash);
  return Start();
}

void RestartedService::End(bool by_crash) {
  std::shared_ptr<RunningService> old;
  {
    MutexLock lock(mutex_);
    old.swap(running_);
  }
  const std::vector<pid_t> children = Processes(*old);
  if (by_crash) {
    old->Crash();
  } else {
    for (const pid_t pid : children) kill(pid, SIGCONT);
    old->Stop();
  }
  const auto until = Clock::now() + std::chrono::seconds(15);
  for (const pid_t pid : children) {
    while (kill(pid, 0) == 0 && Clock::now() < until) std::this_thread::yield();
    if (kill(pid, 0) == 0) ++orphans_;
  }
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::directory_iterator(old->folder() + "/tmp", ignored)) {
    std::fprintf(stderr, "left behind: %s\n", entry.path().c_str());
    ++left_files_;
  }
}

bool RestartedService::Signal(const std::string& program, int signal, std::mt19937& random) {
  const std::shared_ptr<RunningService> now = running();
  const std::vector<pid_t> pids = now == nullptr ? std::vector<pid_t>() : now->Children(program);
  if (pids.empty()) return false;
  std::uniform_int_distribution<size_t> any(0, pids.size() - 1);
  return kill(pids[any(random)], signal) == 0;
}

int64_t RestartedService::MemoryBytes() {
  const std::shared_ptr<RunningService> now = running();
  if (now == nullptr) return 0;
  int64_t bytes = AnonymousBytes(now->pid());
  for (const pid_t pid : now->Children("quire-fake-worker")) bytes += AnonymousBytes(pid);
  return with_this_process_ ? bytes + AnonymousBytes(getpid()) : bytes;
}

std::shared_ptr<RunningService> RestartedService::running() {
  MutexLock lock(mutex_);
  return running_;
}

}  // namespace quire
