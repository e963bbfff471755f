#include "server/front.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/check.h"
#include "proto/rich_status.h"
#include "proto/status.h"
#include "server/admission.h"
#include "server/dispatcher.h"
#include "server/event_loop.h"
#include "server/health_descriptor.h"
#include "server/listener.h"
#include "server/ocr_service.h"
#include "server/readiness.h"
#include "server/server_status.h"
#include "server/spool_writer.h"
#include "server/worker_stream.h"

namespace quire::server {
namespace {

constexpr auto kTick = std::chrono::milliseconds(250);
constexpr auto kLastMessagesTick = std::chrono::milliseconds(5);
constexpr int kMaxPublicMessageBytes = 4 << 20;
constexpr int kMaxWorkerMessageBytes = 32 << 20;

// Both apply to servers that are built afterwards.
void EnablePlugins() {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  LinkHealthDescriptor();
}

}  // namespace

// Everything but the two gRPC servers and the render pool is touched on the loop alone.
struct Front::Impl {
  Impl(FrontOptions given, LocalWorkers local, std::unique_ptr<RenderPool> pool, Metrics& counts)
      : options(std::move(given)),
        metrics(counts),
        render_pool(std::move(pool)),
        spool(options.spool),
        admission(options.limits.max_documents, options.limits.max_waiting_pages),
        registry(options.limits, std::move(local)),
        dispatcher({.loop = loop,
                    .render_pool = *render_pool,
                    .registry = registry,
                    .metrics = metrics,
                    .limits = options.limits,
                    .renderers = options.renderers}),
        recognition_parts{.loop = loop,
                          .admission = admission,
                          .dispatcher = dispatcher,
                          .registry = registry,
                          .render_pool = *render_pool,
                          .spool = spool,
                          .spool_writer = spool_writer,
                          .metrics = metrics,
                          .limits = options.limits,
                          .worker_may_come = [this] { return options.worker_may_come; }},
        status({.admission = admission,
                .dispatcher = dispatcher,
                .registry = registry,
                .readiness = readiness,
                .metrics = metrics,
                .open = open,
                .limits = options.limits}),
        ocr_service({.loop = loop,
                     .recognition = recognition_parts,
                     .status = status,
                     .open = open,
                     .tokens = options.client_tokens.get()}),
        attach_service({.loop = loop,
                        .registry = registry,
                        .limits = options.limits,
                        .tokens = options.worker_tokens.get()}) {}

  absl::Status Listen();
  void Tick();
  void UpdateReadiness();
  Metrics::Levels Levels() const;
  void EndDocuments();
  void WhenGone(EventLoop::Clock::time_point latest, std::promise<void>& gone);

  FrontOptions options;
  Metrics& metrics;
  EventLoop loop;  // its thread ends in Stop(), before anything that it touches goes
  std::unique_ptr<RenderPool> render_pool;
  Spool spool;
  SpoolWriter spool_writer;
  Admission admission;
  WorkerRegistry registry;
  Dispatcher dispatcher;
  const RecognitionParts recognition_parts;
  OpenRecognitions open;
  Readiness readiness;
  const ServerStatus status;
  OcrService ocr_service;
  AttachService attach_service;
  std::function<void()> when_ready;
  Listener attach;
  Listener public_side;
  std::string worker_address;
  bool stopping = false;  // on the loop
  bool stopped = false;
};

Front::Front(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Front::~Front() { Stop(); }

absl::Status Front::Impl::Listen() {
  EnablePlugins();
  std::vector<std::string> attach_addresses = {absl::StrCat("unix:", options.attach_socket)};
  if (!options.worker_listen.empty()) attach_addresses.push_back(options.worker_listen);
  ListenOptions attach_options{.addresses = attach_addresses,
                               .connections = options.connections,
                               .max_receive_bytes = kMaxWorkerMessageBytes};
  QUIRE_ASSIGN_OR_RETURN(attach_options.credentials, MakeServerCredentials(options.worker_tls));
  QUIRE_ASSIGN_OR_RETURN(attach, quire::server::Listen(attach_service, attach_options));
  if (attach.addresses.size() > 1) worker_address = attach.addresses[1];
  ListenOptions public_options{.addresses = options.listen,
                               .connections = options.connections,
                               .max_receive_bytes = kMaxPublicMessageBytes};
  QUIRE_ASSIGN_OR_RETURN(public_options.credentials, MakeServerCredentials(options.tls));
  absl::StatusOr<Listener> listening;
  loop.PostAndWait([&] {  // calls that come at once wait on the loop until health is bound
    listening = quire::server::Listen(ocr_service, public_options);
    if (!listening.ok()) return;
    grpc::HealthCheckServiceInterface* health = listening->server->GetHealthCheckService();
    QUIRE_CHECK(health != nullptr);
    readiness.Bind(*health);
    registry.SetOnWorkersChanged([this] { UpdateReadiness(); });
    Tick();
  });
  QUIRE_ASSIGN_OR_RETURN(public_side, std::move(listening));
  return absl::OkStatus();
}

void Front::Impl::Tick() {
  if (stopping) return;
  const auto now = EventLoop::Clock::now();
  registry.Tick(now);
  dispatcher.Tick(now);
  UpdateReadiness();
  metrics.SetLevels(Levels());
  loop.PostAt(now + kTick, [this] { Tick(); });
}

void Front::Impl::UpdateReadiness() {
  std::set<std::string> models;
  for (const ModelPool& pool : registry.pools()) models.insert(pool.info.key());
  readiness.Update(models, admission.draining());
  if (readiness.ready() && when_ready) std::exchange(when_ready, nullptr)();
}

Metrics::Levels Front::Impl::Levels() const {
  Metrics::Levels levels;
  levels.queue_pages = dispatcher.pages_left() - dispatcher.pages_reading();
  levels.documents_open = admission.documents();
  for (const WorkerLoad& worker : registry.loads()) {
    levels.slots_used += worker.used;
    levels.slots_free += std::max(0, worker.slots - worker.used);
  }
  levels.spool_bytes = spool.total_bytes();
  for (const auto& [id, said] : registry.said()) {
    levels.workers[id] = {.device = said.hello.device(),
                          .model = said.hello.model().key(),
                          .dtype = said.hello.dtype(),
                          .heartbeat = said.heartbeat};
  }
  return levels;
}

void Front::Impl::EndDocuments() {
  const absl::Status status = WithRetryAfter(
      MakeError(absl::StatusCode::kUnavailable, "DRAINING",
                "this server stops before the document could be read to its end; send it again "
                "for the pages that are missing"),
      1);
  for (Recognition* recognition : OpenRecognitions(open)) recognition->End(status);
}

absl::StatusOr<std::unique_ptr<Front>> Front::Start(FrontOptions options, LocalWorkers local,
                                                    std::unique_ptr<RenderPool> render_pool,
                                                    Metrics& metrics) {
  auto impl = std::make_unique<Impl>(std::move(options), std::move(local), std::move(render_pool),
                                     metrics);
  Impl& parts = *impl;
  std::unique_ptr<Front> front(new Front(std::move(impl)));
  QUIRE_RETURN_IF_ERROR(parts.Listen());
  return front;
}

const std::vector<std::string>& Front::addresses() const { return impl_->public_side.addresses; }
const std::string& Front::worker_address() const { return impl_->worker_address; }
std::string Front::attach_address() const {
  return absl::StrCat("unix:", impl_->options.attach_socket);
}

void Front::WhenReady(std::function<void()> ready) {
  impl_->loop.Post([this, ready = std::move(ready)]() mutable {
    impl_->when_ready = std::move(ready);
    impl_->UpdateReadiness();
  });
}

void Front::OnLocalWorkerEnded(const std::string& id, const std::string& how, bool given_up) {
  impl_->loop.Post([this, id, how, given_up] { impl_->registry.OnLocalEnded(id, how, given_up); });
}

void Front::OnHopeless() {
  impl_->loop.Post([this] { impl_->options.worker_may_come = false; });
}

void Front::BeginDrain(std::function<void()> on_idle) {
  impl_->loop.Post([this, on_idle = std::move(on_idle)]() mutable {
    impl_->admission.BeginDrain(std::move(on_idle));
    impl_->UpdateReadiness();
  });
}

quire::v1::WatchStatusResponse Front::Status() {
  quire::v1::WatchStatusResponse status;
  impl_->loop.PostAndWait([&] { status = impl_->status.Now(); });
  return status;
}

// Keeps `gone` once every document's RPC is over and every worker has left, or at `latest`.
void Front::Impl::WhenGone(EventLoop::Clock::time_point latest, std::promise<void>& gone) {
  const auto now = EventLoop::Clock::now();
  if ((open.empty() && !registry.any_attached()) || now >= latest) return gone.set_value();
  loop.PostAt(now + kLastMessagesTick, [this, latest, &gone] { WhenGone(latest, gone); });
}

void Front::Stop() {
  if (std::exchange(impl_->stopped, true)) return;
  std::promise<void> gone;
  impl_->loop.PostAndWait([&] {
    impl_->stopping = true;
    impl_->EndDocuments();
    impl_->registry.DrainAll();
    const std::chrono::duration<double> goodbye(impl_->options.goodbye_seconds);
    impl_->WhenGone(EventLoop::Clock::now() +
                        std::chrono::duration_cast<EventLoop::Clock::duration>(goodbye),
                    gone);
  });
  gone.get_future().wait();
  // At once: gRPC would wait for connections, too, and clients keep those open.
  for (Listener* side : {&impl_->public_side, &impl_->attach}) {
    if (side->server != nullptr) side->server->Shutdown(std::chrono::system_clock::now());
  }
  impl_->render_pool = nullptr;  // its last callbacks find the loop still there
  impl_->loop.Stop();
}

}  // namespace quire::server
