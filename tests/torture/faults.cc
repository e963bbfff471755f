#include "tests/torture/faults.h"

#include <signal.h>

#include <functional>
#include <random>
#include <vector>

namespace quire {
namespace {

using Clock = Stop::Clock;

constexpr std::chrono::seconds kDiskWait{15};  // for a document that meets the full disk

struct Kind {
  const char* name;
  int weight;                    // how often, beside the others
  std::function<bool()> strike;  // false when nothing came of it
  bool restarts = false;
};

// One at a time: a fault that lasts ends before the next begins.
class Fault {
 public:
  Fault(RunParts& parts, Victims& victims)
      : parts_(parts), victims_(victims), random_(parts.settings.seed) {
    AddProcesses();
    AddSurroundings();
  }

  bool Pause(int low, int high) { return parts_.stop.Pause(Between(random_, low, high)); }

  // Of those that this machine allows.
  void StrikeNamed(const std::string& name) {
    for (const Kind& kind : kinds_) {
      if (kind.name == name) Strike(kind);
    }
  }
  void StrikeAny(bool may_restart) {
    std::vector<double> weights;
    for (const Kind& kind : kinds_) weights.push_back(kind.restarts && !may_restart ? 0 : kind.weight);
    Strike(kinds_[std::discrete_distribution<size_t>(weights.begin(), weights.end())(random_)]);
  }

  // Until a front did not come up again.
  bool service_is_up() const { return service_is_up_; }
  const Faults& faults() const { return faults_; }

 private:
  void AddProcesses() {
    kinds_ = {{"workers killed", 20, [this] { return Signal("quire-fake-worker", SIGKILL); }},
              {"workers frozen", 7, [this] { return Signal("quire-fake-worker", SIGSTOP); }},
              {"renderers killed", 19, [this] { return Signal("quire-render", SIGKILL); }},
              {"renderers frozen", 7, [this] { return Signal("quire-render", SIGSTOP); }},
              {"remote workers killed", 5, [this] { return Signal(victims_.far, SIGKILL); }},
              {"fronts killed", 6, [this] { return Restart(/*by_crash=*/true); }, true},
              {"fronts ended", 6, [this] { return Restart(/*by_crash=*/false); }, true}};
    if (victims_.nano == nullptr) return;
    kinds_.push_back({"nano killed", 4, [this] { return Signal(*victims_.nano, SIGKILL); }});
  }
  void AddSurroundings() {
    kinds_.push_back({"worker links stopped", 7, [this] { return StopOneWay(victims_.worker_link); }});
    kinds_.push_back({"client links stopped", 6, [this] { return StopOneWay(victims_.client_link); }});
    if (victims_.disk.can_be_full()) {
      kinds_.push_back({kDiskFilled, 4, [this] { return FillTheDisk(); }});
    }
    if (victims_.hosts != nullptr) {
      kinds_.push_back({"packets lost", 7, [this] { return LosePackets(); }});
    }
    if (victims_.front_clock != nullptr) {
      kinds_.push_back({"clocks set", 6, [this] { return SetAClock(); }});
    }
  }

  void Strike(const Kind& kind) { faults_[kind.name] += kind.strike() ? 1 : 0; }

  bool Signal(const char* program, int signal) {
    return victims_.service.Signal(program, signal, random_);
  }
  static bool Signal(RemoteWorker& worker, int signal) {
    worker.Signal(signal);
    return true;
  }
  bool Restart(bool by_crash) {
    service_is_up_ = victims_.service.StartAgain(by_crash);
    return true;
  }
  // For less than the time that silence may last, or for more.
  bool StopOneWay(Relay& link) {
    const auto direction = Between(random_, 0, 1) == 0 ? Relay::Direction::kToTarget
                                                       : Relay::Direction::kFromTarget;
    link.Stop(direction);
    Pause(500, 10000);
    link.GoOn(direction);
    return true;
  }
  // The same, of packets, in one direction or in both.
  bool LosePackets() {
    const int which = Between(random_, 1, 3);
    using Direction = TwoHosts::Direction;
    bool done = true;
    if (which & 1) done &= victims_.hosts->Lose(Direction::kToFirst);
    if (which & 2) done &= victims_.hosts->Lose(Direction::kToSecond);
    Pause(500, 14000);
    done &= victims_.hosts->Carry(Direction::kToFirst);
    done &= victims_.hosts->Carry(Direction::kToSecond);
    return done;
  }
  // Until a document meets it, if one comes in time.
  bool FillTheDisk() {
    const Clock::time_point until = Clock::now() + kDiskWait;
    if (until > parts_.stop.end()) return false;
    const int met_before = parts_.counts.disk_full;
    do {
      victims_.disk.Fill();
    } while (Pause(100, 100) && parts_.counts.disk_full == met_before && Clock::now() < until);
    victims_.disk.Empty();
    return true;
  }
  // By as much as a host's clock may be wrong before it is corrected, or never is.
  bool SetAClock() {
    constexpr std::chrono::seconds kSteps[] = {
        std::chrono::seconds(0),  std::chrono::seconds(2),  std::chrono::seconds(90),
        std::chrono::minutes(61), std::chrono::hours(25), std::chrono::hours(24 * 400)};
    const std::chrono::seconds step = kSteps[Between(random_, 0, std::size(kSteps) - 1)];
    SteppedClock& clock =
        Between(random_, 0, 2) == 0 ? *victims_.worker_clock : *victims_.front_clock;
    clock.Set(Between(random_, 0, 1) == 0 ? step : -step);
    return true;
  }

  RunParts& parts_;
  Victims& victims_;
  std::mt19937 random_;
  std::vector<Kind> kinds_;
  Faults faults_;
  bool service_is_up_ = true;
};

}  // namespace

Faults Disturb(RunParts& parts, Victims& victims, Stop::Clock::time_point half) {
  Fault fault(parts, victims);
  // Of each of these at least one.
  for (const char* name : {"fronts killed", "fronts ended", "clocks set", kDiskFilled, "packets lost"}) {
    if (!fault.service_is_up() || !fault.Pause(500, 2000)) return fault.faults();
    fault.StrikeNamed(name);
  }
  while (fault.service_is_up() && fault.Pause(200, 1500)) {
    fault.StrikeAny(Stop::Clock::now() < half);
  }
  return fault.faults();
}

}  // namespace quire
