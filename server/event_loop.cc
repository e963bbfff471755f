#include "server/event_loop.h"

#include <utility>

namespace quire::server {

EventLoop::EventLoop() : thread_([this] { Run(); }) {}

EventLoop::~EventLoop() { Stop(); }

void EventLoop::Post(Task task) {
  MutexLock lock(mutex_);
  if (stopped_) return;
  posted_.push_back(std::move(task));
  changed_.NotifyOne();
}

void EventLoop::PostAt(Clock::time_point when, Task task) {
  MutexLock lock(mutex_);
  if (stopped_) return;
  timers_.emplace(when, std::move(task));
  changed_.NotifyOne();
}

void EventLoop::PostAndWait(Task task) {
  Mutex mutex;
  CondVar changed;
  bool done = false;
  Post([&] {
    task();
    MutexLock lock(mutex);
    done = true;
    changed.NotifyOne();
  });
  MutexLock lock(mutex);
  while (!done) changed.Wait(mutex);
}

void EventLoop::Stop() {
  std::multimap<Clock::time_point, Task> timers;  // destroyed without the lock
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    timers.swap(timers_);
    changed_.NotifyOne();
  }
  if (thread_.joinable()) thread_.join();
}

std::vector<EventLoop::Task> EventLoop::TakeDue() {
  MutexLock lock(mutex_);
  while (posted_.empty() && !stopped_) {
    if (timers_.empty()) {
      changed_.Wait(mutex_);
    } else if (timers_.begin()->first <= Clock::now()) {
      break;
    } else {
      changed_.WaitUntil(mutex_, timers_.begin()->first);
    }
  }
  std::vector<Task> due = std::move(posted_);
  posted_.clear();
  const Clock::time_point now = Clock::now();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    due.push_back(std::move(timers_.begin()->second));
    timers_.erase(timers_.begin());
  }
  return due;
}

void EventLoop::Run() {
  for (std::vector<Task> due = TakeDue(); !due.empty(); due = TakeDue()) {
    for (Task& task : due) {
      task();
      task = nullptr;  // what it holds goes before the next one runs
    }
  }
}

}  // namespace quire::server
