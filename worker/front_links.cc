#include "worker/front_links.h"

#include <thread>
#include <utility>

#include "proto/mutex.h"

namespace quire::worker {

FrontLinks::FrontLinks(std::vector<FrontLinkOptions> fronts, PageReader& reader,
                       const FrontLinkEvents& events)
    : gate_(reader), shares_(reader.info().slots) {
  const bool shared = fronts.size() > 1;
  for (FrontLinkOptions& front : fronts) {
    front.shared = shared;
    links_.push_back(std::make_unique<FrontLink>(std::move(front), gate_, shares_, events));
  }
}

absl::Status FrontLinks::Run() {
  Mutex mutex;
  absl::Status result;
  std::vector<std::thread> threads;
  for (const auto& link : links_) {
    threads.emplace_back([&] {
      const absl::Status ended = link->Run();
      Stop();  // one that ends by itself says that this worker is of no more use
      MutexLock lock(mutex);
      if (result.ok()) result = ended;
    });
  }
  for (std::thread& thread : threads) thread.join();
  return result;
}

void FrontLinks::Stop() {
  for (const auto& link : links_) link->Stop();
}

}  // namespace quire::worker
