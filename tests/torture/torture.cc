// quire-torture: real programs, clients that keep books, and somebody who kills. See README.md here.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/service/running_service.h"
#include "tests/torture/client.h"
#include "tests/torture/documents.h"
#include "tests/torture/faults.h"
#include "tests/torture/report.h"

namespace quire {
namespace {

using Clock = Stop::Clock;

constexpr size_t kLeakBytes = 500'000'000;
constexpr char kToken[] = "torture-torture-torture-torture";

// The middle one of several looks over a while, since a worker that was just started is small and a page
// that is just copied is large.
int64_t Settled(RestartedService& service) {
  std::vector<int64_t> looks;
  for (int i = 0; i < 9; ++i) {
    looks.push_back(service.MemoryBytes());
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  std::nth_element(looks.begin(), looks.begin() + 4, looks.end());
  return looks[4];
}

// The texts of all pages that there are, by code, from a quiet service; empty when they are not all
// different.
std::map<int, std::string> LearnTexts(RestartedService& service, const std::string& model) {
  const auto stub = v1::OcrService::NewStub(
      grpc::CreateChannel(service.address(), grpc::InsecureChannelCredentials()));
  const int codes = model == kNano ? kNanoCodes : kCodes;
  v1::RecognizeOptions options;
  options.set_model(model);
  if (model == kNano) AskNano(options);
  const std::string document = model == kNano ? NanoDocument(0, codes) : PlainDocument(0, codes);
  std::map<int, std::string> texts;
  std::set<std::string> different;
  const auto until = Clock::now() + std::chrono::seconds(60);  // for a remote worker to come
  Recognised read;
  do {
    read = Recognise(*stub, document, options);
  } while (Reason(read.status) == "UNKNOWN_MODEL" && Clock::now() < until);
  for (const auto& [page, text] : read.Markdown()) {
    texts[page] = text;
    different.insert(text);
  }
  if (static_cast<int>(different.size()) == codes) return texts;
  std::fprintf(stderr, "%zu texts of %d pages differ: %s\n", different.size(), codes,
               read.status.error_message().c_str());
  return {};
}

bool HasNano() { return std::filesystem::exists(absl::StrCat(QUIRE_BINARIES, "/quire-worker")); }

std::string PortOf(const std::string& address) { return address.substr(address.rfind(':') + 1); }

RemoteWorkerOptions NanoBy(const std::string& front, const std::string& token_file) {
  return {.program = "quire-worker",
          .id = kNano,
          .fronts = {front},
          .token_file = token_file,
          .arguments = {"--device", "cpu", "--slots", "2"}};
}

// Runs clients against faults, and looks at the memory.
int Fight(RunParts& parts, Victims& victims, Clock::time_point begin) {
  const auto length = parts.stop.end() - begin;
  std::vector<std::thread> clients;
  for (int i = 0; i < parts.settings.clients; ++i) {
    clients.emplace_back([&, i] {
      const std::string& address =
          i % 3 == 0 ? victims.client_link.address() : victims.service.address();
      TortureClient(parts, address, parts.settings.seed * 1000 + i).Run();
    });
  }
  const bool leaks = parts.settings.plant == "leak";
  if (leaks) victims.service.MeasureThisProcess();
  int64_t middle_bytes = 0;
  std::vector<char> leak;
  std::thread measurer([&] {
    std::this_thread::sleep_until(begin + length * 6 / 10);
    middle_bytes = Settled(victims.service);
    if (leaks) leak.assign(kLeakBytes, 1);
  });
  Ending ending{.faults = Disturb(parts, victims, begin + length / 2)};
  measurer.join();
  ending.memory_growth_bytes = Settled(victims.service) - middle_bytes;
  for (std::thread& client : clients) client.join();
  if (parts.settings.plant == "loss") parts.books.Owe(1);
  victims.service.End(/*by_crash=*/false);
  ending.orphans = victims.service.orphans();
  ending.left_files = victims.service.left_files();
  return Report(parts, ending);
}

// What this machine allows; it says what it does not.
struct Surroundings {
  explicit Surroundings(const std::string& folder)
      : disk(folder + "/spool"), front_clock(folder + "/front-clock"),
        worker_clock(folder + "/worker-clock") {
    auto made = TwoHosts::Make();
    if (made.ok()) hosts = *std::move(made);
    if (hosts == nullptr) std::printf("no packet is lost: %s\n", made.status().ToString().c_str());
    if (!disk.can_be_full()) std::printf("the disk is never full: only root can mount a small one\n");
    clocks_work = front_clock.Works();
    if (!clocks_work) std::printf("no clock is set: programs do not see it\n");
  }

  SmallDisk disk;
  SteppedClock front_clock, worker_clock;
  bool clocks_work = false;
  std::unique_ptr<TwoHosts> hosts;
};

// All workers that no front starts.
struct RemoteWorkers {
  RemoteWorkers(const Surroundings& around, const std::string& link, const std::string& port,
                const std::string& token_file, bool with_nano)
      : far(WithoutLetters("far", link, token_file, around.worker_clock.environment())) {
    if (around.hosts != nullptr) {
      RemoteWorkerOptions options = WithoutLetters(
          "distant", absl::StrCat(TwoHosts::kFirstAddress, ":", port), token_file, {});
      options.network = around.hosts->second_network();
      distant = std::make_unique<RemoteWorker>(options);
    }
    if (!with_nano || !HasNano()) return;
    nano = std::make_unique<RemoteWorker>(NanoBy(absl::StrCat("127.0.0.1:", port), token_file));
  }

  static RemoteWorkerOptions WithoutLetters(const std::string& id, const std::string& front,
                                            const std::string& token_file,
                                            std::vector<std::string> environment) {
    environment.push_back("QUIRE_FAKE_DELAY_MS=8");
    return {.id = id,
            .fronts = {front},
            .token_file = token_file,
            .arguments = {"--slots", "4"},
            .environment = std::move(environment)};
  }

  RemoteWorker far;
  std::unique_ptr<RemoteWorker> distant, nano;
};

int RunIn(const std::string& folder, const TortureSettings& settings) {
  Surroundings around(folder);  // before anything that has a network
  const std::string token_file = folder + "/token";
  std::ofstream(token_file) << kToken << "\n";
  const std::string port = PortOf(FreeAddress());
  RestartedService service({.folder = folder,
                            .worker_address = absl::StrCat("0.0.0.0:", port),
                            .token_file = token_file,
                            .spool_folder = around.disk.folder(),
                            .environment = around.front_clock.environment()});
  if (!service.Start()) return 2;
  Relay client_link(service.address());
  Relay worker_link(absl::StrCat("127.0.0.1:", port));
  RemoteWorkers remote(around, worker_link.address(), port, token_file, settings.nano);
  if (remote.nano == nullptr) std::printf("no page is read by nano\n");
  auto texts = LearnTexts(service, "fake");
  auto nano_texts =
      remote.nano != nullptr ? LearnTexts(service, kNano) : std::map<int, std::string>();
  if (texts.empty() || (remote.nano != nullptr && nano_texts.empty())) return 2;
  Books books;
  Counts counts;
  const auto begin = Clock::now();
  const Stop stop(begin + std::chrono::duration_cast<Clock::duration>(
                              std::chrono::duration<double>(60 * settings.minutes)));
  RunParts parts{.settings = settings, .books = books, .counts = counts, .stop = stop,
                 .texts = std::move(texts), .nano_texts = std::move(nano_texts)};
  Victims victims{.service = service,
                  .disk = around.disk,
                  .client_link = client_link,
                  .worker_link = worker_link,
                  .hosts = around.hosts.get(),
                  .front_clock = around.clocks_work ? &around.front_clock : nullptr,
                  .worker_clock = around.clocks_work ? &around.worker_clock : nullptr,
                  .far = remote.far,
                  .nano = remote.nano.get()};
  return Fight(parts, victims, begin);
}

int RunTorture(const TortureSettings& settings) {
  std::string folder = "/tmp/quire-torture-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return 2;
  const int outcome = RunIn(folder, settings);
  std::filesystem::remove_all(folder);
  return outcome;
}

}  // namespace
}  // namespace quire

int main(int argc, char** argv) {
  quire::TortureSettings settings;
  CLI::App app("Runs the service among faults; its clients keep books, which must balance.");
  app.add_option("--minutes", settings.minutes, "How long")->check(CLI::Range(0.1, 600.0));
  app.add_option("--seed", settings.seed, "Of all that is random");
  app.add_option("--clients", settings.clients, "At once")->check(CLI::Range(1, 200));
  app.add_option("--plant", settings.plant, "A fault of the books themselves, to see them fail")
      ->check(CLI::IsMember({"nothing", "loss", "double", "leak"}));
  app.add_option("--nano", settings.nano, "Whether nano reads a tenth of the pages");
  CLI11_PARSE(app, argc, argv);
  return quire::RunTorture(settings);
}
