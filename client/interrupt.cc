#include "client/interrupt.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "client/exit_code.h"
#include "proto/check.h"

namespace quire::client {
namespace {

constexpr int kStopSignal = SIGUSR2;  // the destructor wakes the watcher with it

bool IsIgnored(int signal) {
  struct sigaction action = {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

std::unique_ptr<Interrupt> Interrupt::Install() {
  std::unique_ptr<Interrupt> interrupt(new Interrupt());
  QUIRE_CHECK(pipe(interrupt->pipe_) == 0);
  for (const int fd : interrupt->pipe_) fcntl(fd, F_SETFD, FD_CLOEXEC);
  sigemptyset(&interrupt->signals_);
  sigaddset(&interrupt->signals_, kStopSignal);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    if (!IsIgnored(signal)) sigaddset(&interrupt->signals_, signal);
  }
  pthread_sigmask(SIG_BLOCK, &interrupt->signals_, nullptr);
  interrupt->watcher_ = std::thread([raw = interrupt.get()] { raw->Watch(); });
  return interrupt;
}

Interrupt::~Interrupt() {
  stopping_ = true;
  pthread_kill(watcher_.native_handle(), kStopSignal);
  watcher_.join();
  close(pipe_[0]);
  close(pipe_[1]);
}

void Interrupt::Watch() {
  while (true) {
    int signal = 0;
    if (sigwait(&signals_, &signal) != 0) continue;
    if (signal == kStopSignal) {
      if (stopping_) return;
      continue;
    }
    if (requested()) _exit(kExitCancelled);
    Request();
  }
}

void Interrupt::Request() {
  if (requested_.exchange(true)) return;
  [[maybe_unused]] const ssize_t written = write(pipe_[1], "x", 1);
  MutexLock lock(mutex_);
  for (const auto& [owner, action] : actions_) action();
}

bool Interrupt::WaitFor(double seconds) const {
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                       std::chrono::duration<double>(seconds));
  while (!requested()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd wait = {.fd = pipe_[0], .events = POLLIN, .revents = 0};
    poll(&wait, 1, static_cast<int>(std::min<int64_t>(left.count(), 1'000'000)));
  }
  return true;
}

OnInterrupt::OnInterrupt(Interrupt& interrupt, std::function<void()> action)
    : interrupt_(interrupt) {
  MutexLock lock(interrupt_.mutex_);
  if (interrupt_.requested()) action();
  interrupt_.actions_.emplace(this, std::move(action));
}

OnInterrupt::~OnInterrupt() {
  MutexLock lock(interrupt_.mutex_);
  interrupt_.actions_.erase(this);
}

}  // namespace quire::client
