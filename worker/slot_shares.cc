#include "worker/slot_shares.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace quire::worker {

std::vector<int> DivideSlots(int slots, std::span<const FrontDemand> fronts) {
  std::vector<int> shares(fronts.size());
  if (fronts.empty()) return shares;
  for (int slot = 0; slot < slots; ++slot) {
    const auto before = [&](size_t i) {
      const bool wants = shares[i] < fronts[i].jobs;
      return std::tuple(!wants, shares[i], fronts[i].served, i);
    };
    size_t next = 0;
    for (size_t i = 1; i < fronts.size(); ++i) {
      if (before(i) < before(next)) next = i;
    }
    ++shares[next];
  }
  return shares;
}

int SlotShares::Front::bound() const { return std::max({lease, pending.value_or(0), held}); }

int SlotShares::Join(std::function<void(int slots)> tell) {
  MutexLock lock(mutex_);
  Front front;
  // A newcomer does not catch up on what others were served before it came.
  for (const auto& [number, other] : fronts_) {
    front.demand.served = std::max(front.demand.served, other.demand.served);
  }
  int room = limit_;
  for (const auto& [number, other] : fronts_) room -= other.bound();
  std::vector<FrontDemand> demands(fronts_.size() + 1);
  front.lease = std::clamp(room, 0, DivideSlots(limit_, demands).back());
  front.tell = std::move(tell);
  const int number = next_front_++;
  fronts_.emplace(number, std::move(front));
  Rebalance();  // one that has slots to spare gives the newcomer some
  return number;
}

int SlotShares::lease(int front) const {
  MutexLock lock(mutex_);
  return fronts_.at(front).lease;
}

void SlotShares::Leave(int front) {
  MutexLock lock(mutex_);
  fronts_.erase(front);
  Rebalance();
}

void SlotShares::OnDemand(int front, int jobs) {
  MutexLock lock(mutex_);
  Front& asking = fronts_.at(front);
  if (asking.demand.jobs == 0) {  // what it did not ask for while it was idle is not owed to it
    for (const auto& [number, other] : fronts_) {
      if (other.demand.jobs > 0) {
        asking.demand.served = std::max(asking.demand.served, other.demand.served);
      }
    }
  }
  asking.demand.jobs = std::clamp(jobs, 0, slots_);
  Rebalance();
}

void SlotShares::OnLeaseTaken(int front) {
  MutexLock lock(mutex_);
  Front& taken = fronts_.at(front);
  if (taken.pending.has_value()) taken.lease = *std::exchange(taken.pending, std::nullopt);
  Rebalance();
}

uint64_t SlotShares::Begin(int front) {
  MutexLock lock(mutex_);
  Front& busy = fronts_.at(front);
  ++busy.held;
  ++busy.demand.served;
  return next_job_++;
}

void SlotShares::End(int front) {
  MutexLock lock(mutex_);
  --fronts_.at(front).held;
  unended_ = std::max(0, unended_ - 1);
  Rebalance();
}

void SlotShares::OnRead() {
  MutexLock lock(mutex_);
  if (limit_ == slots_ || ++read_ < kPagesToGrow) return;
  read_ = 0;
  ++limit_;
  Rebalance();
}

void SlotShares::OnOutOfMemory() {
  MutexLock lock(mutex_);
  if (unended_ > 0) return;  // pages of one batch fail together: they halve what is allowed once
  for (const auto& [number, front] : fronts_) unended_ += front.held;
  limit_ = std::max(1, std::min(limit_, unended_) / 2);
  read_ = 0;
  Rebalance();
}

void SlotShares::Rebalance() {
  std::vector<FrontDemand> demands;
  int room = limit_;
  for (const auto& [number, front] : fronts_) {
    demands.push_back(front.demand);
    room -= front.bound();
  }
  const std::vector<int> shares = DivideSlots(limit_, demands);
  size_t at = 0;
  for (auto& [number, front] : fronts_) {
    const int share = shares[at++];
    if (front.pending.has_value() || share == front.lease) continue;
    // Upwards only into room that nobody else may still fill.
    const int next = std::min(share, front.bound() + std::max(0, room));
    if (next == front.lease) continue;
    room -= std::max(0, next - front.bound());
    front.pending = next;
    front.tell(next);
  }
}

}  // namespace quire::worker
