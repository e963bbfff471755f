#include "server/stop_signals.h"

#include <utility>

namespace quire::server {
namespace {

constexpr int kLeave = SIGUSR2;  // what the destructor sends to the thread

sigset_t Signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, kLeave}) sigaddset(&set, signal);
  return set;
}

}  // namespace

void StopSignals::Block() {
  const sigset_t set = Signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

StopSignals::StopSignals(std::function<void(int)> on_signal)
    : thread_([on_signal = std::move(on_signal)] {
        const sigset_t set = Signals();
        int signal = 0;
        while (sigwait(&set, &signal) == 0 && signal != kLeave) on_signal(signal);
      }) {}

StopSignals::~StopSignals() {
  pthread_kill(thread_.native_handle(), kLeave);
  thread_.join();
}

}  // namespace quire::server
