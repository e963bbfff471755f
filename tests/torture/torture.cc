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

namespace quire {
namespace {

using Clock = Stop::Clock;

constexpr int64_t kMostGrowthBytes = 100'000'000;
constexpr double kLeastNanoShare = 0.1;
constexpr double kMinutesForNanoShare = 2.5;  // a shorter run ends before the shares are even
constexpr char kToken[] = "torture-torture-torture-torture";

// Follows the memory from mid-run to the end.
struct Memory {
  int64_t middle_bytes = 0;
  int64_t end_bytes = 0;
};

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

int Report(const RunParts& parts, const RestartedService& service, int faults, const Memory& memory) {
  const Books::Balance balance = parts.books.Close();
  const Counts& counts = parts.counts;
  const int64_t growth = memory.end_bytes - memory.middle_bytes;
  const int64_t pages = std::max<int64_t>(1, counts.nano_pages + counts.other_pages);
  const double nano_share = static_cast<double>(counts.nano_pages) / static_cast<double>(pages);
  std::printf(
      "seed %u, %.1f minutes, %d clients: %d documents (%d cancelled), %d pages (%.1f %% read by "
      "nano), %d calls, %d broken, %d refused, %d met a full disk, %d pages and %d documents failed "
      "and asked again, %d faults, %d of them restarts of the front\n"
      "unexpected answers %d, unaccounted %d, doubled %d, wrong %d, orphans %d, files left %d, memory "
      "%+.1f MB from mid-run to end\n",
      parts.settings.seed, parts.settings.minutes, parts.settings.clients, balance.documents,
      balance.forgotten, balance.pages, 100 * nano_share, counts.calls.load(), counts.broken.load(),
      counts.refused.load(), counts.disk_full.load(), counts.failed_pages.load(),
      counts.failed_opens.load(), faults, counts.restarts.load(), counts.unexpected.load(),
      balance.unaccounted, balance.doubled, balance.wrong, service.orphans(), service.left_files(),
      static_cast<double>(growth) / 1e6);
  const bool enough_nano = parts.nano_texts.empty() || nano_share >= kLeastNanoShare ||
                           parts.settings.minutes < kMinutesForNanoShare;
  if (!enough_nano) std::printf("nano read less than a tenth of the pages\n");
  const bool balanced = balance.unaccounted == 0 && balance.doubled == 0 && balance.wrong == 0 &&
                        counts.unexpected == 0 && service.orphans() == 0 &&
                        service.left_files() == 0 && growth <= kMostGrowthBytes &&
                        balance.pages > 0 && faults > 0 && enough_nano;
  std::printf("%s\n", balanced ? "the books balance" : "THE BOOKS DO NOT BALANCE");
  return balanced ? 0 : 1;
}

bool HasNano() { return std::filesystem::exists(absl::StrCat(QUIRE_BINARIES, "/quire-worker")); }

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
  Memory memory;
  std::vector<char> leak;
  std::thread measurer([&] {
    std::this_thread::sleep_until(begin + length * 6 / 10);
    memory.middle_bytes = Settled(victims.service);
    if (leaks) leak.assign(2 * kMostGrowthBytes, 1);
  });
  const int faults = Disturb(parts, victims, begin + length / 2);
  measurer.join();
  memory.end_bytes = Settled(victims.service);
  for (std::thread& client : clients) client.join();
  if (parts.settings.plant == "loss") parts.books.Owe(1);
  victims.service.End(/*by_crash=*/false);
  return Report(parts, victims.service, faults, memory);
}

int RunTorture(const TortureSettings& settings) {
  std::string folder = "/tmp/quire-torture-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return 2;
  const std::string token_file = folder + "/token";
  std::ofstream(token_file) << kToken << "\n";
  int outcome = 2;
  {
    SmallDisk disk(folder + "/spool");
    const std::string worker_address = FreeAddress();
    RestartedService service({.folder = folder,
                              .worker_address = worker_address,
                              .token_file = token_file,
                              .spool_folder = disk.folder()});
    if (!service.Start()) return 2;
    Relay client_link(service.address());
    Relay worker_link(worker_address);
    RemoteWorker far({.id = "far",
                      .fronts = {worker_link.address()},
                      .token_file = token_file,
                      .arguments = {"--slots", "4"},
                      .environment = {"QUIRE_FAKE_DELAY_MS=8"}});
    std::unique_ptr<RemoteWorker> nano;
    if (settings.nano && HasNano()) {
      nano = std::make_unique<RemoteWorker>(NanoBy(worker_address, token_file));
    }
    if (nano == nullptr) std::printf("no page is read by nano\n");
    if (!disk.can_be_full()) std::printf("the disk is never full: only root can mount a small one\n");
    auto texts = LearnTexts(service, "fake");
    auto nano_texts = nano != nullptr ? LearnTexts(service, kNano) : std::map<int, std::string>();
    if (texts.empty() || (nano != nullptr && nano_texts.empty())) return 2;
    Books books;
    Counts counts;
    const auto begin = Clock::now();
    const Stop stop(begin + std::chrono::duration_cast<Clock::duration>(
                                std::chrono::duration<double>(60 * settings.minutes)));
    RunParts parts{.settings = settings, .books = books, .counts = counts, .stop = stop,
                   .texts = std::move(texts), .nano_texts = std::move(nano_texts)};
    Victims victims{service, disk, client_link, worker_link, far, nano.get()};
    outcome = Fight(parts, victims, begin);
  }
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
