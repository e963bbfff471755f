#include "worker/engine/decode_profiler.h"

#include <c10/core/Device.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace quire::worker {
namespace {

using Clock = std::chrono::steady_clock;
using PartSeconds = std::array<double, static_cast<size_t>(StepPart::kSampling) + 1>;

double& Of(PartSeconds& seconds, StepPart part) { return seconds[static_cast<size_t>(part)]; }

}  // namespace

class DecodeProfiler::PartClock : public StepClock {
 public:
  // Forgets what was begun.
  virtual void Clear() = 0;
  // The step is over: seconds of each part but kOther, which is what is left.
  virtual PartSeconds Take() = 0;
};

// Where the host does the work itself.
class DecodeProfiler::Stopwatch : public PartClock {
 public:
  void Begin(StepPart part) override {
    const Clock::time_point now = Clock::now();
    Of(seconds_, part_) += std::chrono::duration<double>(now - since_).count();
    part_ = part;
    since_ = now;
  }
  void Clear() override {
    seconds_ = {};
    part_ = StepPart::kOther;
  }
  PartSeconds Take() override {
    Begin(StepPart::kOther);
    return seconds_;
  }

 private:
  PartSeconds seconds_{};
  StepPart part_ = StepPart::kOther;
  Clock::time_point since_;
};

// Where the host only hands work over: events that the device passes on its way. The host has waited
// for the step's tokens when they are read, so that the last event alone may have to be waited for.
class DecodeProfiler::DeviceEvents : public PartClock {
 public:
  explicit DeviceEvents(c10::Device device) : device_(device), guard_(device.type()) {}

  void Begin(StepPart part) override {
    marks_.emplace_back(part, c10::Event(device_.type(), c10::EventFlag::BACKEND_DEFAULT));
    marks_.back().second.record(guard_.getStream(device_));
  }
  void Clear() override { marks_.clear(); }
  PartSeconds Take() override {
    Begin(StepPart::kOther);
    marks_.back().second.synchronize();
    PartSeconds seconds{};
    for (size_t i = 0; i + 1 < marks_.size(); ++i) {
      Of(seconds, marks_[i].first) += marks_[i].second.elapsedTime(marks_[i + 1].second) / 1000;
    }
    return seconds;
  }

 private:
  const c10::Device device_;
  const c10::impl::VirtualGuardImpl guard_;
  std::vector<std::pair<StepPart, c10::Event>> marks_;
};

DecodeProfiler::DecodeProfiler(int every, const std::string& device) : every_(every) {
  if (every == 0) return;
  if (device == "cpu") {
    clock_ = std::make_unique<Stopwatch>();
  } else {
    clock_ = std::make_unique<DeviceEvents>(c10::Device(device));
  }
}

DecodeProfiler::~DecodeProfiler() = default;

StepClock* DecodeProfiler::BeginStep() {
  if (every_ == 0 || ++steps_ < every_) return nullptr;
  steps_ = 0;
  timing_ = true;
  clock_->Clear();
  began_ = Clock::now();
  clock_->Begin(StepPart::kOther);
  return clock_.get();
}

void DecodeProfiler::EndStep(int rows) {
  if (!std::exchange(timing_, false)) return;
  PartSeconds seconds = clock_->Take();
  const double total = std::chrono::duration<double>(Clock::now() - began_).count();
  Of(seconds, StepPart::kOther) = 0;
  double parts = 0;
  for (const double part : seconds) parts += part;
  MutexLock lock(mutex_);
  ++profile_.steps;
  profile_.tokens += rows;
  profile_.attention_seconds += Of(seconds, StepPart::kAttention);
  profile_.experts_seconds += Of(seconds, StepPart::kExperts);
  profile_.head_seconds += Of(seconds, StepPart::kHead);
  profile_.sampling_seconds += Of(seconds, StepPart::kSampling);
  // What is left: on a device also the time in which it waited for the host.
  profile_.other_seconds += std::max(0.0, total - parts);
}

DecodeProfile DecodeProfiler::profile() const {
  MutexLock lock(mutex_);
  return profile_;
}

}  // namespace quire::worker
