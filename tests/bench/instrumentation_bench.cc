// What looking costs: pages a second of the whole service with nano, with all that is measured
// looked at (every decode step timed by part, metrics scraped four times a second, logs as JSON)
// and with none of it, by turns in one run. Stage times are taken in both: they cannot be switched
// off.
//   instrumentation_bench [ROUNDS]
// Prints the median of each and what looking costs; exits 1 when that is over 1 %.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "proto/mutex.h"
#include "tests/service/running_service.h"

namespace quire {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kMostCost = 0.01;
constexpr auto kBetweenScrapes = std::chrono::milliseconds(250);

// Scrapes a service as long as it lives.
class Scraper {
 public:
  explicit Scraper(const RunningService& service) : thread_([this, &service] { Run(service); }) {}
  ~Scraper() {
    {
      MutexLock lock(mutex_);
      over_ = true;
      changed_.NotifyAll();
    }
    thread_.join();
  }

 private:
  void Run(const RunningService& service) {
    MutexLock lock(mutex_);
    while (!over_) {
      service.Metrics();
      changed_.WaitUntil(mutex_, Clock::now() + kBetweenScrapes);
    }
  }
  Mutex mutex_;
  CondVar changed_;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

double PagesASecond(RunningService& service, const std::string& document) {
  quire::v1::RecognizeOptions options;
  options.set_max_tokens_per_page(200);
  const Clock::time_point begin = Clock::now();
  const Recognised read = Recognise(service.stub(), document, options);
  if (read.results.size() != 5) {
    std::fprintf(stderr, "pages were not read: %s\n", read.status.error_message().c_str());
    std::exit(2);
  }
  return 5 / std::chrono::duration<double>(Clock::now() - begin).count();
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// What the looking is done with, and its figure.
struct Side {
  std::unique_ptr<RunningService> service;
  std::vector<double> pages_a_second;
};

bool StartAgain(Side& side, std::vector<std::string> arguments) {
  side.service = nullptr;
  auto started =
      RunningService::Start({.worker_program = "quire-worker", .arguments = std::move(arguments)});
  if (!started.ok()) return false;
  side.service = *std::move(started);
  return true;
}

int Run(int rounds) {
  const std::string document = ReadFile(QUIRE_FIXTURES "/pdf/five_pages.pdf");
  Side plain, watched;
  std::vector<double> ratios;
  for (int round = 0; round < rounds; ++round) {
    // New processes each time: one may be luckier than another with its memory for as long as it
    // lives.
    if (!StartAgain(plain, {}) ||
        !StartAgain(watched, {"--profile", "1", "--log-format", "json"})) {
      std::fprintf(stderr, "the service did not start\n");
      return 2;
    }
    PagesASecond(*plain.service, document);  // warm up
    PagesASecond(*watched.service, document);
    // The order turns, so that a machine that gets slower favours neither.
    for (const bool look : {round % 2 == 0, round % 2 != 0}) {
      Side& side = look ? watched : plain;
      std::optional<Scraper> scraper;
      if (look) scraper.emplace(*side.service);
      side.pages_a_second.push_back(PagesASecond(*side.service, document));
    }
    ratios.push_back(watched.pages_a_second.back() / plain.pages_a_second.back());
  }
  const double cost = 1 - Median(ratios);
  std::printf("without %.3f, with %.3f pages a second (medians of %d rounds)\n",
              Median(plain.pages_a_second), Median(watched.pages_a_second), rounds);
  std::sort(ratios.begin(), ratios.end());
  std::printf("the middle half of the rounds says %.2f to %.2f %%\n",
              100 * (1 - ratios[ratios.size() * 3 / 4]), 100 * (1 - ratios[ratios.size() / 4]));
  std::printf("looking costs %.2f %% (median of the rounds' ratios), limit %.0f %%: %s\n",
              100 * cost, 100 * kMostCost, cost <= kMostCost ? "ok" : "OVER");
  return cost <= kMostCost ? 0 : 1;
}

}  // namespace
}  // namespace quire

int main(int argc, char** argv) {
  return quire::Run(argc > 1 ? std::max(1, std::atoi(argv[1])) : 11);
}
