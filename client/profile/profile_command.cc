#include "client/profile/profile_command.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/bench/bench_command.h"
#include "client/local_server.h"
#include "client/ocr_client.h"
#include "client/page_format.h"
#include "client/profile/profile_report.h"
#include "client/profile/setting.h"
#include "client/text_sink.h"
#include "proto/status.h"

namespace quire::client {
namespace {

constexpr double kInfoTimeoutSeconds = 10;
constexpr int kLeastDocuments = 4;       // of a run, so that reading together can show
constexpr double kHopelesslySlower = 3;  // what is so much slower at first is not measured

class Profiler {
 public:
  Profiler(const ProfileConfig& config, const ProfileTarget& target, Interrupt& interrupt)
      : config_(config), target_(target), interrupt_(interrupt) {}

  absl::Status Run();

 private:
  // A server for a setting: the running one, or one that is started and lives as long.
  struct Server {
    std::unique_ptr<LocalServer> local;
    std::unique_ptr<OcrClient> client;
  };
  absl::StatusOr<Server> Open(const Setting& setting);
  absl::StatusOr<Measured> Measure(const Setting& setting, OcrClient& client);
  Measured MeasureOther(const Setting& setting, Server& usual, const Measured& base);
  absl::StatusOr<BenchRun> Read(const Setting& setting, int documents, OcrClient& client,
                                std::vector<PageText>* texts);
  void Tell(const std::string& text) const;
  bool own_servers() const { return target_.address.empty(); }

  const ProfileConfig& config_;
  const ProfileTarget& target_;
  Interrupt& interrupt_;
};

void Profiler::Tell(const std::string& text) const {
  if (target_.show_progress && !config_.quiet) {
    std::fprintf(stderr, "quire: profile: %s\n", Printable(text).c_str());
  }
}

absl::StatusOr<Profiler::Server> Profiler::Open(const Setting& setting) {
  Server server;
  std::string address = target_.address;
  if (own_servers()) {
    std::vector<std::string> flags = {"--profile", "16"};
    flags.insert(flags.end(), setting.server_flags.begin(), setting.server_flags.end());
    QUIRE_ASSIGN_OR_RETURN(server.local,
                           LocalServer::Start(FindServerProgram(), config_.choice.model, interrupt_,
                                              std::move(flags)));
    address = server.local->address();
  }
  QUIRE_ASSIGN_OR_RETURN(const Access access, ReadAccess(target_.access, address));
  server.client = std::make_unique<OcrClient>(address, access, interrupt_);
  return server;
}

absl::StatusOr<BenchRun> Profiler::Read(const Setting& setting, int documents, OcrClient& client,
                                        std::vector<PageText>* texts) {
  BenchConfig bench{.files = config_.files,
                    .concurrency = setting.concurrency,
                    .documents = documents,
                    .choice = setting.choice};
  if (own_servers()) bench.choice.model.clear();  // the one that was started, whatever its key
  QUIRE_ASSIGN_OR_RETURN(
      BenchRun run, MeasureLoad(bench, /*show_progress=*/false, client, interrupt_,
                                [&](const std::string& file, const v1::PageResult& page) {
                                  if (texts != nullptr)
                                    texts->push_back({file, page.page_number(), page.markdown()});
                                }));
  if (TotalsOf(run).pages > 0) return run;
  const std::string why = run.errors.empty() ? "no page was read" : run.errors.begin()->first;
  return absl::UnavailableError(why);
}

absl::StatusOr<Measured> Profiler::Measure(const Setting& setting, OcrClient& client) {
  const int files = static_cast<int>(config_.files.size());
  const int rounds = (std::max(kLeastDocuments, files) + files - 1) / files;
  Measured measured{.setting = setting};
  std::vector<std::pair<double, BenchRun>> runs;
  for (int i = 0; i < config_.runs; ++i) {
    measured.texts.clear();
    QUIRE_ASSIGN_OR_RETURN(BenchRun run, Read(setting, rounds * files, client, &measured.texts));
    const double pages_per_second = TotalsOf(run).pages_per_second;
    runs.emplace_back(pages_per_second, std::move(run));
  }
  std::sort(runs.begin(), runs.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  auto& [pages_per_second, run] = runs[runs.size() / 2];
  measured.pages_per_second = pages_per_second;
  measured.run = std::move(run);
  return measured;
}

Measured Profiler::MeasureOther(const Setting& setting, Server& usual, const Measured& base) {
  Tell(setting.name);
  const auto measure = [&]() -> absl::StatusOr<Measured> {
    if (setting.server_flags.empty()) return Measure(setting, *usual.client);
    QUIRE_ASSIGN_OR_RETURN(Server own, Open(setting));
    QUIRE_ASSIGN_OR_RETURN(const BenchRun first,
                           Read(setting, 1, *own.client, nullptr));  // warms up
    const double pages_per_second = TotalsOf(first).pages_per_second;
    if (pages_per_second * kHopelesslySlower < base.pages_per_second) {
      return absl::DeadlineExceededError(absl::StrFormat(
          "too slow to go on with: %.2f pages a second in the first document, %.2f as it is",
          pages_per_second, base.pages_per_second));
    }
    return Measure(setting, *own.client);
  };
  absl::StatusOr<Measured> measured = measure();
  if (!measured.ok()) {
    return {.setting = setting, .failure = std::string(measured.status().message())};
  }
  measured->changed = ChangedPart(base.texts, measured->texts);
  return *std::move(measured);
}

absl::Status Profiler::Run() {
  const Setting as_it_is{.name = "as it is", .choice = config_.choice};
  QUIRE_ASSIGN_OR_RETURN(Server server, Open(as_it_is));
  QUIRE_RETURN_IF_ERROR(Read(as_it_is, 1, *server.client, nullptr).status());  // warms up
  Tell("as it is");
  QUIRE_ASSIGN_OR_RETURN(const Measured base, Measure(as_it_is, *server.client));
  QUIRE_ASSIGN_OR_RETURN(const v1::GetServerInfoResponse info,
                         server.client->GetServerInfo(kInfoTimeoutSeconds));
  std::vector<Measured> others;
  for (const Setting& setting : Alternatives(base, info, own_servers())) {
    if (interrupt_.requested()) return InterruptedError();
    others.push_back(MeasureOther(setting, server, base));
  }
  if (interrupt_.requested()) return InterruptedError();
  return MakeStdoutSink()->Write(config_.json ? Dump(ProfileToJson(base, others)) + "\n"
                                              : FormatProfile(base, others));
}

}  // namespace

ExitCode RunProfile(const ProfileConfig& config, const ProfileTarget& target,
                    Interrupt& interrupt) {
  return SayOutcome(Profiler(config, target, interrupt).Run());
}

}  // namespace quire::client
