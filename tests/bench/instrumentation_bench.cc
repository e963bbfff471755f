// What looking costs: seconds of CPU time that front, renderer and worker spend on pages read by nano,
// with all that is measured looked at (every decode step timed by part, metrics scraped four times a
// second, logs as JSON) and with none of it, by turns in one run. Stage times are taken in both:
// they cannot be switched off. The worker has one thread, since several spin while they wait for one
// another; then a page's CPU time is what bounds the throughput, and other work on the machine moves
// it far less than pages a second.
//   instrumentation_bench [ROUNDS]
// Prints the medians and what looking costs; exits 1 when that is over 1 %.

#include <time.h>

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

// Of all processes of a service until now.
double CpuSeconds(const RunningService& service) {
  std::vector<pid_t> processes = {service.pid()};
  for (const char* program : {"quire-worker", "quire-render"}) {
    for (const pid_t child : service.Children(program)) processes.push_back(child);
  }
  double seconds = 0;
  for (const pid_t process : processes) {
    clockid_t clock;
    timespec spent;
    if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &spent) != 0) {
      std::fprintf(stderr, "process %d is gone\n", static_cast<int>(process));
      std::exit(2);
    }
    seconds += spent.tv_sec + spent.tv_nsec * 1e-9;
  }
  return seconds;
}

// CPU seconds of a page.
double SecondsAPage(RunningService& service, const std::string& document) {
  quire::v1::RecognizeOptions options;
  options.set_max_tokens_per_page(200);
  const double before = CpuSeconds(service);
  const Recognised read = Recognise(service.stub(), document, options);
  if (read.results.size() != 5) {
    std::fprintf(stderr, "pages were not read: %s\n", read.status.error_message().c_str());
    std::exit(2);
  }
  return (CpuSeconds(service) - before) / 5;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// What the looking is done with, and its figure.
struct Side {
  std::unique_ptr<RunningService> service;
  std::vector<double> seconds_a_page;
};

bool StartAgain(Side& side, std::vector<std::string> arguments) {
  side.service = nullptr;
  auto started =
      RunningService::Start({.worker_program = "quire-worker",
                                        .arguments = std::move(arguments),
                                        .environment = {"QUIRE_WORKER_THREADS=1"}});
  if (!started.ok()) return false;
  side.service = *std::move(started);
  return true;
}

int Run(int rounds) {
  const std::vector<std::string> kLooking = {"--profile", "1", "--log-format", "json"};
  const std::string document = ReadFile(QUIRE_FIXTURES "/pdf/five_pages.pdf");
  Side plain, watched;
  std::vector<double> costs;
  for (int round = 0; round < rounds; ++round) {
    // New processes each time: one may be luckier than another with its memory for as long as it
    // lives. The order turns, so that neither what comes first nor what comes last is favoured.
    const bool orders[] = {round % 2 == 0, round % 2 != 0};
    for (const bool look : orders) {
      if (!StartAgain(look ? watched : plain, look ? kLooking : std::vector<std::string>())) {
        std::fprintf(stderr, "the service did not start\n");
        return 2;
      }
    }
    SecondsAPage(*plain.service, document);  // warm up
    SecondsAPage(*watched.service, document);
    for (const bool look : orders) {
      Side& side = look ? watched : plain;
      std::optional<Scraper> scraper;
      if (look) scraper.emplace(*side.service);
      side.seconds_a_page.push_back(SecondsAPage(*side.service, document));
    }
    costs.push_back(watched.seconds_a_page.back() / plain.seconds_a_page.back() - 1);
  }
  const double cost = Median(costs);
  std::printf("without %.3f, with %.3f CPU seconds a page (medians of %d rounds)\n",
              Median(plain.seconds_a_page), Median(watched.seconds_a_page), rounds);
  std::sort(costs.begin(), costs.end());
  std::printf("the middle half of the rounds says %.2f to %.2f %%\n",
              100 * costs[costs.size() / 4], 100 * costs[costs.size() * 3 / 4]);
  std::printf("looking costs %.2f %% (median of the rounds), limit %.0f %%: %s\n", 100 * cost,
              100 * kMostCost, cost <= kMostCost ? "ok" : "OVER");
  return cost <= kMostCost ? 0 : 1;
}

}  // namespace
}  // namespace quire

int main(int argc, char** argv) {
  return quire::Run(argc > 1 ? std::max(1, std::atoi(argv[1])) : 11);
}
