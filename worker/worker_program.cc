#include "worker/worker_program.h"

#include <spdlog/spdlog.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <thread>

#include "absl/strings/str_format.h"
#include "proto/library_log.h"
#include "proto/log_line.h"
#include "proto/version.h"
#include "worker/front_links.h"
#include "worker/metrics.h"
#include "worker/page_log.h"
#include "worker/second_look.h"
#include "worker/upright_reader.h"

namespace quire::worker {
namespace {

// Memory that the front shares with this process, mapped read-only.
struct SharedArena {
  const uint8_t* data = nullptr;
  uint64_t bytes = 0;
};

absl::StatusOr<SharedArena> MapArena(int fd) {
  if (fd < 0) return SharedArena{};
  struct stat facts {};
  if (fstat(fd, &facts) != 0 || facts.st_size <= 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--arena-fd %d is no shared memory; only quire-server sets it", fd));
  }
  void* data = mmap(nullptr, facts.st_size, PROT_READ, MAP_SHARED, fd, 0);
  if (data == MAP_FAILED) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("%d bytes of shared memory could not be mapped", facts.st_size));
  }
  return SharedArena{static_cast<const uint8_t*>(data), static_cast<uint64_t>(facts.st_size)};
}

std::string Text(const absl::Status& status) { return std::string(status.message()); }

// Pages are documents: they must not end up in a core file.
void SwitchCoreDumpsOff() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

// Waits for SIGTERM or SIGINT on a thread of its own and stops the link.
class SignalWaiter {
 public:
  explicit SignalWaiter(FrontLinks& links)
      : thread_([&links] {
          sigset_t set = Signals();
          int signal = 0;
          sigwait(&set, &signal);
          links.Stop();
        }) {}
  ~SignalWaiter() {
    pthread_kill(thread_.native_handle(), SIGTERM);  // wakes it if no signal came
    thread_.join();
  }
  // Before any other thread starts, so that all inherit the mask.
  static void Block() {
    const sigset_t set = Signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
  }

 private:
  static sigset_t Signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
  }
  std::thread thread_;
};

std::vector<FrontLinkOptions> FrontsOf(const Config& config, const SharedArena& arena) {
  std::vector<FrontLinkOptions> fronts;
  for (const std::string& address : config.attach) {
    FrontLinkOptions options;
    options.address = address;
    options.worker_id = config.id;
    options.access = {.ca_file = config.ca_file,
                      .cert_file = config.cert_file,
                      .key_file = config.key_file,
                      .token_file = config.token_file};
    options.arena = arena.data;
    options.arena_bytes = arena.bytes;
    options.stay_when_front_leaves = config.arena_fd < 0;
    fronts.push_back(std::move(options));
  }
  return fronts;
}

FrontLinkEvents MakeEvents(Metrics& metrics) {
  FrontLinkEvents events;
  events.on_attached = [&metrics](const std::string& address, const std::string& version) {
    metrics.SetAttached(address, true);
    spdlog::info("attached to a front of version {} at {}", version, address);
  };
  events.on_page_end = [&metrics](const v1::PageJob& job, const absl::StatusOr<PageOutput>& output) {
    metrics.PageEnded(output);
    LogPageEnd(job, output);
  };
  events.on_detached = [&metrics](const std::string& address, const absl::Status& why,
                                  double seconds) {
    metrics.SetAttached(address, false);
    spdlog::warn("the front at {} is gone ({}); dialling again in {:.1f} s", address,
                 why.ok() ? "it has stopped" : Text(why), seconds);
  };
  return events;
}

}  // namespace

int RunWorkerProgram(int argc, const char* const* argv, const ReaderFactory& open_reader) {
  const ParsedConfig parsed = ParseConfig(argc, argv);
  if (parsed.exit_code) return *parsed.exit_code;
  const Config& config = parsed.config;
  SwitchCoreDumpsOff();
  SetUpLog(config.log_format, "quire-worker", config.id);
  LogForLibraries();
  if (const absl::Status status = config.Validate(); !status.ok()) {
    spdlog::error("{}", Text(status));
    return kExitConfiguration;
  }
  spdlog::info("quire-worker {} {}", kVersion, config.Describe());
  const absl::StatusOr<SharedArena> arena = MapArena(config.arena_fd);
  if (!arena.ok()) {
    spdlog::error("{}", Text(arena.status()));
    return kExitConfiguration;
  }
  SignalWaiter::Block();
  absl::StatusOr<std::unique_ptr<PageReader>> reader = open_reader(config);
  if (!reader.ok()) {
    spdlog::error("the model cannot be loaded: {}", Text(reader.status()));
    return kExitConfiguration;
  }
  const ReaderInfo& info = (*reader)->info();
  spdlog::info("{} on {} in {}: loaded in {:.2f} s, {} slots", info.model, info.device, info.dtype,
               info.load_seconds, info.slots);

  Metrics metrics(**reader);
  if (config.metrics_listen != "none") {
    const absl::StatusOr<std::string> address = metrics.Serve(config.metrics_listen);
    if (!address.ok()) {
      spdlog::error("{}", Text(address.status()));
      return kExitConfiguration;
    }
    spdlog::info("metrics on {}", *address);
  }
  SecondLook second_look(**reader);
  UprightReader upright(second_look);
  FrontLinks links(FrontsOf(config, *arena), upright, MakeEvents(metrics));
  absl::Status ended;
  {
    SignalWaiter signals(links);
    ended = links.Run();
  }
  if (absl::IsDataLoss(ended)) {
    spdlog::error("{}", Text(ended));
    return kExitDeviceFailed;
  }
  if (!ended.ok()) {
    spdlog::error("the front is gone: {}", Text(ended));
    return 1;
  }
  spdlog::info("stopped");
  return 0;
}

}  // namespace quire::worker
