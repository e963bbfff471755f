#include "tests/torture/faults.h"

#include <signal.h>

#include <random>

namespace quire {
namespace {

// One at a time: a fault that lasts ends before the next begins.
class Fault {
 public:
  Fault(RunParts& parts, Victims& victims)
      : parts_(parts), victims_(victims), random_(parts.settings.seed) {}

  bool Pause(int low, int high) { return parts_.stop.Pause(Between(random_, low, high)); }

  bool Restart(bool by_crash) {
    ++faults_;
    ++parts_.counts.restarts;
    return victims_.service.StartAgain(by_crash);
  }

  // False when the service does not come up again.
  bool Strike(bool may_restart) {
    const int kind = Between(random_, 1, 100);
    if (kind <= 22) {
      Signal("quire-fake-worker", SIGKILL);
    } else if (kind <= 29) {
      Signal("quire-fake-worker", SIGSTOP);
    } else if (kind <= 50) {
      Signal("quire-render", SIGKILL);
    } else if (kind <= 57) {
      Signal("quire-render", SIGSTOP);
    } else if (kind <= 62) {
      SignalRemote(victims_.far, SIGKILL);
    } else if (kind <= 66 && victims_.nano != nullptr) {
      SignalRemote(*victims_.nano, SIGKILL);
    } else if (kind <= 76) {
      LoseOneDirection(victims_.worker_link);
    } else if (kind <= 82) {
      LoseOneDirection(victims_.client_link);
    } else if (kind <= 87) {
      FillTheDisk();
    } else if (may_restart) {
      return Restart(/*by_crash=*/kind > 93);
    }
    return true;
  }

  int faults() const { return faults_; }

 private:
  void Signal(const char* program, int signal) {
    faults_ += victims_.service.Signal(program, signal, random_);
  }
  void SignalRemote(RemoteWorker& worker, int signal) {
    worker.Signal(signal);
    ++faults_;
  }
  // For less than the time that silence may last, or for more.
  void LoseOneDirection(Relay& link) {
    const auto direction = Between(random_, 0, 1) == 0 ? Relay::Direction::kToTarget
                                                       : Relay::Direction::kFromTarget;
    link.Stop(direction);
    ++faults_;
    Pause(500, 10000);
    link.GoOn(direction);
  }
  void FillTheDisk() {
    if (!victims_.disk.can_be_full()) return;
    victims_.disk.Fill();
    ++faults_;
    Pause(2000, 4000);
    victims_.disk.Empty();
  }

  RunParts& parts_;
  Victims& victims_;
  std::mt19937 random_;
  int faults_ = 0;
};

}  // namespace

int Disturb(RunParts& parts, Victims& victims, Stop::Clock::time_point half) {
  Fault fault(parts, victims);
  for (const bool by_crash : {true, false}) {  // of each at least one
    if (!fault.Pause(500, 2000) || !fault.Restart(by_crash)) return fault.faults();
  }
  while (fault.Pause(200, 1500)) {
    if (!fault.Strike(Stop::Clock::now() < half)) break;
  }
  return fault.faults();
}

}  // namespace quire
