#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace quire::worker {

// A few threads that run one function together, again and again with little between: a decoder step
// has some thirty stages of ten microseconds, far too short for threads that sleep between them.
// Waiting threads spin for about half a millisecond, then sleep. One caller at a time.
class Team {
 public:
  // threads  1 or more, the caller's included
  explicit Team(int threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  int threads() const { return threads_; }
  // Runs work(rank) for ranks 0 (the caller's thread) to threads() - 1; returns when all have.
  void Run(const std::function<void(int rank)>& work);
  // Within Run(): waits until every rank is here. What each wrote before, all see after.
  void Meet();

 private:
  void Serve(int rank);

  const int threads_;
  const std::function<void(int)>* work_ = nullptr;
  std::atomic<uint32_t> runs_{0};      // begun
  std::atomic<uint32_t> meetings_{0};  // over
  std::atomic<int> arrived_{0};        // at the next meeting
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> others_;
};

}  // namespace quire::worker
