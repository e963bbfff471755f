// quire-torture: real programs, clients that keep books, and somebody who kills. See README.md here.

#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <random>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/service/running_service.h"
#include "tests/support/pdf_maker.h"
#include "tests/torture/books.h"
#include "tests/torture/restarted_service.h"

namespace quire {
namespace {

using Clock = std::chrono::steady_clock;
using Random = std::mt19937;

constexpr int kCodes = 600;  // pages that look different
constexpr size_t kMostRanges = 400;
constexpr int64_t kMostGrowthBytes = 100'000'000;

struct Settings {
  double minutes = 1;
  unsigned seed = 1;
  int clients = 12;
  std::string plant = "nothing";
};

int Between(Random& random, int low, int high) {
  return std::uniform_int_distribution<int>(low, high)(random);
}

int CodeOf(int first_code, int page) { return (first_code + page - 1) % kCodes + 1; }

std::string Document(int first_code, int pages) {
  std::vector<MadePage> made(pages);
  for (int page = 1; page <= pages; ++page) made[page - 1].code = CodeOf(first_code, page);
  return MakePdf(made);
}

// "1-3,7" of ascending numbers; as many as a request may name, the rest is asked for later.
std::string Ranges(const std::vector<int>& pages) {
  std::vector<std::string> ranges;
  for (size_t begin = 0, end = 0; begin < pages.size() && ranges.size() < kMostRanges; begin = end) {
    for (end = begin + 1; end < pages.size() && pages[end] == pages[end - 1] + 1;) ++end;
    ranges.push_back(absl::StrCat(pages[begin], "-", pages[end - 1]));
  }
  return absl::StrJoin(ranges, ",");
}

// Waits in pieces that a stop ends.
class Stop {
 public:
  explicit Stop(Clock::time_point end) : end_(end) {}
  Clock::time_point end() const { return end_; }
  bool over() const { return Clock::now() >= end_; }
  // False when the run is over.
  bool Pause(int milliseconds) const {
    std::this_thread::sleep_until(
        std::min(end_, Clock::now() + std::chrono::milliseconds(milliseconds)));
    return !over();
  }

 private:
  const Clock::time_point end_;
};

// What became of calls, for the reader of the report.
struct Counts {
  std::atomic<int> calls = 0, broken = 0, refused = 0, failed_pages = 0, failed_opens = 0,
                   cancelled = 0, unexpected = 0, restarts = 0;
};

struct Parts {
  const Settings& settings;
  RestartedService& service;
  Books& books;
  Counts& counts;
  const Stop& stop;
  std::map<int, std::string> texts;  // by code, as an undisturbed reading gave them
};

// One user: sends documents one after the other and asks again for the pages that it did not get.
class Client {
 public:
  Client(Parts& parts, unsigned seed)
      : parts_(parts),
        random_(seed),
        stub_(v1::OcrService::NewStub(grpc::CreateCustomChannel(
            parts.service.address(), grpc::InsecureChannelCredentials(), Arguments()))) {}

  void Run() {
    while (!parts_.stop.over()) ReadDocument();
  }

 private:
  static grpc::ChannelArguments Arguments() {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return arguments;
  }

  int Pages() {
    const int kind = Between(random_, 1, 100);
    return kind <= 40 ? 1 : kind <= 90 ? Between(random_, 2, 40) : kind <= 99 ? 300 : 3000;
  }

  void ReadDocument() {
    const int pages = Pages();
    const int first_code = Between(random_, 0, kCodes - 1);
    const std::string bytes = Document(first_code, pages);
    const int number = parts_.books.Owe(pages);
    if (Between(random_, 1, 8) == 1) {  // this one changes its mind
      Call(number, first_code, bytes, Between(random_, 0, pages));
      ++parts_.counts.cancelled;
      return parts_.books.Forget(number);
    }
    // Past the end of the run it still finishes what it began, in a quiet service.
    const auto give_up = parts_.stop.end() + std::chrono::seconds(120);
    while (!parts_.books.Missing(number).empty() && Clock::now() < give_up) {
      if (!Call(number, first_code, bytes, -1)) {
        std::this_thread::sleep_for(std::chrono::milliseconds(Between(random_, 20, 200)));
      }
    }
  }

  // Asks for what is missing; false when it is best to wait a moment.
  //   cancel_after  events, or -1
  bool Call(int number, int first_code, const std::string& bytes, int cancel_after) {
    ++parts_.counts.calls;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(3));
    const auto stream = stub_->Recognize(&context);
    std::thread upload([&] { Upload(number, bytes, *stream); });
    const bool slow = bytes.size() < 200'000 && Between(random_, 1, 6) == 1;
    v1::RecognizeResponse event;
    bool told_end = false;
    while (stream->Read(&event)) {
      if (event.has_page_result()) Take(number, first_code, event.page_result());
      if (event.has_page_failed()) ++parts_.counts.failed_pages;
      told_end = told_end || event.has_summary();
      if (slow) std::this_thread::sleep_for(std::chrono::milliseconds(Between(random_, 0, 30)));
      if (cancel_after >= 0 && cancel_after-- == 0) context.TryCancel();
    }
    upload.join();
    const grpc::Status status = stream->Finish();
    Note(status, told_end);
    return status.ok();
  }

  void Note(const grpc::Status& status, bool told_end) {
    switch (status.error_code()) {
      case grpc::StatusCode::OK:
        if (!told_end) ++parts_.counts.unexpected;
        return;
      case grpc::StatusCode::RESOURCE_EXHAUSTED:
        ++parts_.counts.refused;
        return;
      case grpc::StatusCode::UNAVAILABLE:
        ++parts_.counts.broken;
        return;
      case grpc::StatusCode::CANCELLED:
        return;
      case grpc::StatusCode::INVALID_ARGUMENT:
        // The renderer that opened the document was frozen, or two of them were killed.
        if (Reason(status) == "RENDER_TIMEOUT" || Reason(status) == "RENDER_DIED") {
          ++parts_.counts.failed_opens;
          return;
        }
        [[fallthrough]];
      default:
        ++parts_.counts.unexpected;
        std::fprintf(stderr, "unexpected: %d %s\n", status.error_code(),
                     status.error_message().c_str());
    }
  }

  void Upload(int number, const std::string& bytes,
              grpc::ClientReaderWriter<v1::RecognizeRequest, v1::RecognizeResponse>& stream) {
    v1::RecognizeRequest request;
    request.mutable_options()->set_page_ranges(Ranges(parts_.books.Missing(number)));
    request.mutable_options()->set_request_id(absl::StrCat("document-", number));
    if (!stream.Write(request)) return;
    for (size_t at = 0; at < bytes.size(); at += 256 << 10) {
      request.set_chunk(bytes.substr(at, 256 << 10));
      if (!stream.Write(request)) return;
    }
    stream.WritesDone();
  }

  void Take(int number, int first_code, const v1::PageResult& page) {
    const std::string& expected = parts_.texts.at(CodeOf(first_code, page.page_number()));
    parts_.books.Got(number, page.page_number(), page.markdown() == expected);
    const bool plants = planted_ == 0 && parts_.settings.plant == "double";
    if (plants) parts_.books.Got(number, page.page_number(), true);
    planted_ += plants ? 1 : 0;
  }

  Parts& parts_;
  Random random_;
  std::unique_ptr<v1::OcrService::Stub> stub_;
  int planted_ = 0;
};

// Kills, freezes and restarts until the run is over. Fronts are restarted in its first half alone, so
// that the memory of one front can be followed through the second.
int Disturb(Parts& parts, Clock::time_point half) {
  Random random(parts.settings.seed);
  int faults = 0;
  for (const bool by_crash : {true, false}) {  // of each at least one
    if (!parts.stop.Pause(Between(random, 500, 2000))) return faults;
    ++faults;
    ++parts.counts.restarts;
    if (!parts.service.StartAgain(by_crash)) return faults;
  }
  while (parts.stop.Pause(Between(random, 200, 1500))) {
    const int kind = Between(random, 1, 100);
    if (kind <= 35) {
      faults += parts.service.Signal("quire-fake-worker", SIGKILL, random);
    } else if (kind <= 45) {
      faults += parts.service.Signal("quire-fake-worker", SIGSTOP, random);
    } else if (kind <= 75) {
      faults += parts.service.Signal("quire-render", SIGKILL, random);
    } else if (kind <= 85) {
      faults += parts.service.Signal("quire-render", SIGSTOP, random);
    } else if (Clock::now() < half) {
      ++faults;
      ++parts.counts.restarts;
      if (!parts.service.StartAgain(/*by_crash=*/kind > 92)) break;
    }
  }
  return faults;
}

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

std::map<int, std::string> LearnTexts(RestartedService& service) {
  const auto stub = v1::OcrService::NewStub(
      grpc::CreateChannel(service.address(), grpc::InsecureChannelCredentials()));
  const Recognised read = Recognise(*stub, Document(0, kCodes));
  std::map<int, std::string> texts;
  std::set<std::string> different;
  for (const auto& [page, text] : read.Markdown()) {
    texts[page] = text;
    different.insert(text);
  }
  if (different.size() != kCodes) texts.clear();
  return texts;
}

int Report(const Parts& parts, int faults, const Memory& memory) {
  const Books::Balance balance = parts.books.Close();
  const int64_t growth = memory.end_bytes - memory.middle_bytes;
  std::printf(
      "seed %u, %.1f minutes, %d clients: %d documents (%d cancelled), %d pages, %d calls, %d "
      "broken, %d refused, %d pages and %d documents failed and asked again, %d faults, %d of "
      "them restarts of the front\n"
      "unexpected answers %d, unaccounted %d, doubled %d, wrong %d, orphans %d, files left %d, memory %+.1f MB from mid-run "
      "to end\n",
      parts.settings.seed, parts.settings.minutes, parts.settings.clients, balance.documents,
      balance.forgotten, balance.pages, parts.counts.calls.load(), parts.counts.broken.load(),
      parts.counts.refused.load(), parts.counts.failed_pages.load(), parts.counts.failed_opens.load(), faults,
      parts.counts.restarts.load(),
      parts.counts.unexpected.load(), balance.unaccounted,
      balance.doubled, balance.wrong, parts.service.orphans(), parts.service.left_files(),
      static_cast<double>(growth) / 1e6);
  const bool balanced = balance.unaccounted == 0 && balance.doubled == 0 && balance.wrong == 0 &&
                        parts.counts.unexpected == 0 &&
                        parts.service.orphans() == 0 && parts.service.left_files() == 0 &&
                        growth <= kMostGrowthBytes && balance.pages > 0 && faults > 0;
  std::printf("%s\n", balanced ? "the books balance" : "THE BOOKS DO NOT BALANCE");
  return balanced ? 0 : 1;
}

int RunTorture(const Settings& settings) {
  std::string folder = "/tmp/quire-torture-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return 2;
  RestartedService service(folder);
  if (!service.Start()) return 2;
  Books books;
  Counts counts;
  const auto begin = Clock::now();
  const auto length = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(60 * settings.minutes));
  const Stop stop(begin + length);
  Parts parts{.settings = settings, .service = service, .books = books, .counts = counts,
              .stop = stop, .texts = LearnTexts(service)};
  if (parts.texts.empty()) return 2;
  std::vector<std::thread> clients;
  for (int i = 0; i < settings.clients; ++i) {
    clients.emplace_back([&, i] { Client(parts, settings.seed * 1000 + i).Run(); });
  }
  const bool leaks = settings.plant == "leak";
  if (leaks) service.MeasureThisProcess();
  Memory memory;
  std::vector<char> leak;
  std::thread measurer([&] {
    std::this_thread::sleep_until(begin + length * 6 / 10);
    memory.middle_bytes = Settled(service);
    if (leaks) leak.assign(2 * kMostGrowthBytes, 1);
  });
  // On this thread: a front is killed when the thread that started it ends.
  const int faults = Disturb(parts, begin + length / 2);
  measurer.join();
  memory.end_bytes = Settled(service);
  for (std::thread& client : clients) client.join();
  if (settings.plant == "loss") books.Owe(1);
  service.End(/*by_crash=*/false);
  std::filesystem::remove_all(folder);
  return Report(parts, faults, memory);
}

}  // namespace
}  // namespace quire

int main(int argc, char** argv) {
  quire::Settings settings;
  CLI::App app("Runs the service among faults; its clients keep books, which must balance.");
  app.add_option("--minutes", settings.minutes, "How long")->check(CLI::Range(0.1, 600.0));
  app.add_option("--seed", settings.seed, "Of all that is random");
  app.add_option("--clients", settings.clients, "At once")->check(CLI::Range(1, 200));
  app.add_option("--plant", settings.plant, "A fault of the books themselves, to see them fail")
      ->check(CLI::IsMember({"nothing", "loss", "double", "leak"}));
  CLI11_PARSE(app, argc, argv);
  return quire::RunTorture(settings);
}
