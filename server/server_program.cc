#include "server/server_program.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/checkpoint/find_model.h"
#include "proto/rich_status.h"
#include "proto/status.h"
#include "proto/version.h"
#include "server/local_workers.h"
#include "server/render_pool.h"
#include "server/stop_signals.h"

namespace quire::server {
namespace {

constexpr int kConfigurationExit = 78;  // of a worker whose model cannot be loaded
constexpr int kDeviceFailedExit = 74;   // of a worker whose device failed for good

absl::StatusOr<std::shared_ptr<TokenFile>> OpenTokens(const std::string& path) {
  if (path.empty()) return std::shared_ptr<TokenFile>();
  QUIRE_ASSIGN_OR_RETURN(std::unique_ptr<TokenFile> tokens, TokenFile::Open(path));
  return std::shared_ptr<TokenFile>(std::move(tokens));
}

int ExitCodeOf(const absl::Status& status) {
  if (ReasonOf(status) == "CANNOT_LISTEN" || absl::IsUnavailable(status)) return kExitCannotListen;
  return absl::IsInternal(status) || absl::IsResourceExhausted(status) ? 1 : kExitConfiguration;
}

std::string_view ReasonOfEnd(const ExitState& exit) {
  if (exit.signal == 0 && exit.code == kConfigurationExit) return "configuration";
  if (exit.signal == 0 && exit.code == kDeviceFailedExit) return "device_failed";
  return exit.reason == "hung" ? "hung" : "died";
}

}  // namespace

ServerProgram::ServerProgram(Config config, std::string program_folder, Sweeper& sweeper)
    : config_(std::move(config)), program_folder_(std::move(program_folder)), sweeper_(sweeper) {
  if (config_.worker_program.empty()) config_.worker_program = program_folder_ + "/quire-worker";
  if (config_.render_program.empty()) config_.render_program = program_folder_ + "/quire-render";
}

ServerProgram::~ServerProgram() = default;

void ServerProgram::Tell(void (*change)(Events&)) {
  MutexLock lock(mutex_);
  change(events_);
  changed_.NotifyAll();
}

absl::StatusOr<std::vector<LocalWorker>> ServerProgram::ChooseWorkers() {
  QUIRE_ASSIGN_OR_RETURN(const std::vector<LocalDevice> devices,
                         ChooseDevices(config_.workers, CountCudaDevices("/dev")));
  std::vector<LocalWorker> workers;
  if (devices.empty()) return workers;
  QUIRE_ASSIGN_OR_RETURN(const FoundModel model,
                         FindModel(config_.model, {.models_dir = config_.models_dir,
                                                   .program_folder = program_folder_,
                                                   .caches = config_.model_caches}));
  spdlog::info("model {} ({})", model.folder, model.place);
  for (const LocalDevice& device : devices) {
    LocalWorker worker{.id = device.id,
                       .arguments = {"--model", model.folder, "--device", device.device, "--log-format",
                                     config_.log_format}};
    if (config_.profile > 0) worker.arguments.push_back(absl::StrCat("--profile=", config_.profile));
    worker.arguments.insert(worker.arguments.end(), config_.worker_args.begin(),
                            config_.worker_args.end());
    workers.push_back(std::move(worker));
    devices_[device.id] = device.device;
  }
  return workers;
}

// Called on the front's loop while the supervisor is there: it goes after Front::Stop().
LocalWorkers ServerProgram::WaysToWorkers() {
  LocalWorkers local{.devices = devices_};
  if (supervisor_ == nullptr) return local;
  Supervisor& supervisor = *supervisor_;
  local.arena = [&supervisor](const std::string& id) { return supervisor.arena(id); };
  local.on_attached = [&supervisor](const std::string& id) { supervisor.OnAttached(id); };
  local.kill = [&supervisor](const std::string& id, std::string_view reason) {
    supervisor.Kill(id, reason);
  };
  local.restarts = [&supervisor](const std::string& id) { return supervisor.restarts(id); };
  return local;
}

// Workers start after the front, so that it is there for every event.
SupervisorEvents ServerProgram::OnWorkers() {
  return {.on_ended = [this](const std::string& id, const ExitState& exit, bool given_up) {
    const std::string how = exit.Describe();
    spdlog::warn("worker {} ended: {}{}", id, how,
                 given_up ? "; it is given up" : "; it will be started again");
    metrics_->WorkerRestart(ReasonOfEnd(exit));
    front_->OnLocalWorkerEnded(id, how, given_up);
    if (!given_up || !supervisor_->hopeless()) return;
    front_->OnHopeless();
    Tell([](Events& events) { events.hopeless = true; });
  }};
}

absl::Status ServerProgram::Start() {
  QUIRE_ASSIGN_OR_RETURN(PrivateFolder folder, PrivateFolder::Create());
  folder_ = std::make_unique<PrivateFolder>(std::move(folder));
  sweeper_.Watch(folder_->path());
  QUIRE_ASSIGN_OR_RETURN(const auto client_tokens, OpenTokens(config_.client_token_file));
  QUIRE_ASSIGN_OR_RETURN(const auto worker_tokens, OpenTokens(config_.worker_token_file));
  QUIRE_ASSIGN_OR_RETURN(std::vector<LocalWorker> workers, ChooseWorkers());
  metrics_ = std::make_unique<Metrics>();
  if (config_.metrics_listen != "none") {
    QUIRE_ASSIGN_OR_RETURN(metrics_address_, metrics_->Serve(config_.metrics_listen,
                                                               status_page_.Pages()));
  }
  QUIRE_ASSIGN_OR_RETURN(
      std::unique_ptr<RenderPool> render_pool,
      RenderPool::Create(config_.MakeRenderPoolOptions(), [this](std::string_view reason) {
        metrics_->RenderKill(reason);
      }));
  const std::string attach_socket = folder_->path() + "/attach.sock";
  const bool has_workers = !workers.empty();
  if (has_workers) {
    supervisor_ = std::make_unique<Supervisor>(
        SupervisorOptions{
            .program = config_.worker_program,
            .attach_address = "unix:" + attach_socket,
            .arena_bytes = static_cast<uint64_t>(config_.worker_arena_megabytes) << 20},
        std::move(workers), OnWorkers());
  }
  FrontOptions options{.listen = config_.listen,
                       .attach_socket = attach_socket,
                       .worker_listen = config_.worker_listen,
                       .tls = config_.tls,
                       .worker_tls = {.cert_file = config_.tls.cert_file,
                                      .key_file = config_.tls.key_file,
                                      .client_ca_file = config_.worker_client_ca_file},
                       .client_tokens = client_tokens,
                       .worker_tokens = worker_tokens,
                       .connections = config_.connections,
                       .worker_may_come = has_workers || !config_.worker_listen.empty(),
                       .limits = config_.limits,
                       .spool = config_.MakeSpoolLimits(),
                       .renderers = config_.renderers};
  QUIRE_ASSIGN_OR_RETURN(
      front_, Front::Start(std::move(options), WaysToWorkers(), std::move(render_pool), *metrics_));
  status_page_.Show([this] { return front_->Status(); });
  for (const std::string& address : front_->addresses()) {
    if (absl::StartsWith(address, "unix:")) sweeper_.Watch(address.substr(5));
  }
  spdlog::info("listening on {}{}{}; metrics on {}", absl::StrJoin(front_->addresses(), ", "),
               front_->worker_address().empty() ? "" : "; for workers on ",
               front_->worker_address(), metrics_address_.empty() ? "none" : metrics_address_);
  front_->WhenReady([this] { Tell([](Events& events) { events.ready = true; }); });
  return supervisor_ == nullptr ? absl::OkStatus() : supervisor_->Start();
}

absl::Status ServerProgram::WriteReadyFile() const {
  const nlohmann::json ready = {{"listen", front_->addresses()},
                                {"metrics", metrics_address_},
                                {"workers", front_->worker_address()},
                                {"attach", front_->attach_address()}};
  const std::string half_written = config_.ready_file + ".part";
  {
    std::ofstream file(half_written);
    file << ready.dump() << "\n";
  }
  if (std::rename(half_written.c_str(), config_.ready_file.c_str()) != 0) {
    return absl::InternalError(absl::StrCat("--ready-file ", config_.ready_file,
                                            " cannot be written; give a path in a folder that can"));
  }
  return absl::OkStatus();
}

int ServerProgram::Wait() {
  bool told = false;
  mutex_.Lock();
  while (events_.signals == 0 && !events_.hopeless) {
    const bool is_ready = events_.ready && !told;
    if (is_ready) {
      told = true;
      mutex_.Unlock();
      spdlog::info("ready");
      const absl::Status written =
          config_.ready_file.empty() ? absl::OkStatus() : WriteReadyFile();
      if (!written.ok()) spdlog::error("{}", std::string(written.message()));
      mutex_.Lock();
      continue;
    }
    changed_.Wait(mutex_);
  }
  const bool hopeless = events_.hopeless;
  mutex_.Unlock();
  return hopeless ? kExitHopeless : 0;
}

// Until the last document is done, the time is over, or a second signal comes; tells once a second
// what is left.
void ServerProgram::Drain() {
  using Clock = std::chrono::steady_clock;
  front_->BeginDrain([this] { Tell([](Events& events) { events.idle = true; }); });
  const Clock::time_point end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(
                         std::chrono::duration<double>(config_.drain_seconds));
  while (true) {
    const Clock::time_point next = std::min(end, Clock::now() + std::chrono::seconds(1));
    {
      MutexLock lock(mutex_);
      while (!events_.idle && events_.signals < 2 && changed_.WaitUntil(mutex_, next)) {
      }
      if (events_.idle || events_.signals >= 2) return;
    }
    const quire::v1::WatchStatusResponse status = front_->Status();
    spdlog::info("draining: {} documents, {} pages waiting, {} being read", status.documents(),
                 status.pages_waiting(), status.pages_reading());
    if (Clock::now() >= end) return;
  }
}

int ServerProgram::Run() {
  spdlog::info("quire-server {} {}", kVersion, config_.Describe());
  if (const absl::Status status = Start(); !status.ok()) {
    spdlog::error("{}", std::string(status.message()));
    status_page_.Hide();
    if (front_ != nullptr) front_->Stop();
    return ExitCodeOf(status);
  }
  StopSignals signals([this](int /*signal*/) { Tell([](Events& events) { ++events.signals; }); });
  const int exit_code = Wait();
  if (exit_code == 0) {
    Drain();
  } else {
    spdlog::error("every local worker was given up; this server can read nothing");
  }
  if (supervisor_ != nullptr) supervisor_->BeginStop();  // or it starts again what the front sends away
  status_page_.Hide();
  front_->Stop();
  supervisor_ = nullptr;  // after the front's loop, which asks it; before the front, which it tells
  spdlog::info("stopped");
  return exit_code;
}

}  // namespace quire::server
