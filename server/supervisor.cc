#include "server/supervisor.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/mutex.h"
#include "proto/status.h"
#include "server/restart_policy.h"

namespace quire::server {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kStopTime{5};  // for a worker to end after SIGTERM
constexpr int kArenaFd = 3;
constexpr int kCannotRunExit = 127;  // as a shell tells it

// A worker over all its lives.
struct Watched {
  LocalWorker worker;
  std::shared_ptr<Arena> arena;  // second owner: spans of it
  ChildProcess child;            // the thread's own; the rest is guarded
  RestartPolicy policy;
  Clock::time_point next_start{};
  std::string kill_reason;  // to be killed, or killed already; empty: not
  int start_failures = 0;   // in a row
  int starts = 0;
  bool attached = false;
  bool given_up = false;
};

struct Ended {
  std::string id;
  ExitState exit;
  bool given_up = false;
};

}  // namespace

struct Supervisor::Impl {
  Impl(SupervisorOptions given, std::vector<LocalWorker> workers, SupervisorEvents told);
  ~Impl();

  absl::Status Start();
  void BeginStop();
  Watched* Find(const std::string& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void Wake();

  // On the thread.
  void Run();
  absl::Status StartFirst();
  absl::Status Launch(Watched& watched);
  void StartDue();
  void KillHung();
  std::vector<Ended> ReapAll();
  Ended OnEnded(Watched& watched, ExitState exit) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  bool StopAll();
  void WaitForChange();
  std::optional<Clock::time_point> NextTime();

  const SupervisorOptions options;
  const SupervisorEvents events;
  int wake_fd = -1;
  std::thread thread;

  Mutex mutex;
  CondVar changed;
  std::vector<Watched> all ABSL_GUARDED_BY(mutex);
  std::optional<absl::Status> started ABSL_GUARDED_BY(mutex);
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  std::optional<Clock::time_point> kill_time;  // the thread's own: when stopping ends in SIGKILL
};

Supervisor::Impl::Impl(SupervisorOptions given, std::vector<LocalWorker> workers,
                       SupervisorEvents told)
    : options(std::move(given)), events(std::move(told)),
      wake_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  MutexLock lock(mutex);
  for (LocalWorker& worker : workers) all.push_back({.worker = std::move(worker)});
}

Supervisor::Impl::~Impl() {
  BeginStop();
  if (thread.joinable()) thread.join();
  if (wake_fd >= 0) close(wake_fd);
}

absl::Status Supervisor::Impl::Start() {
  if (wake_fd < 0) return absl::ResourceExhaustedError("no descriptor to watch workers with");
  MutexLock lock(mutex);
  for (Watched& watched : all) {
    QUIRE_ASSIGN_OR_RETURN(watched.arena, Arena::Create(options.arena_bytes));
  }
  thread = std::thread([this] { Run(); });
  while (!started.has_value()) changed.Wait(mutex);
  return *started;
}

void Supervisor::Impl::BeginStop() {
  {
    MutexLock lock(mutex);
    stopping = true;
  }
  Wake();
}

Watched* Supervisor::Impl::Find(const std::string& id) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Watched& watched) {
    return watched.worker.id == id;
  });
  return found == all.end() ? nullptr : &*found;
}

void Supervisor::Impl::Wake() {
  const uint64_t one = 1;
  (void)!write(wake_fd, &one, sizeof(one));
}

void Supervisor::Impl::Run() {
  const absl::Status first = StartFirst();
  {
    MutexLock lock(mutex);
    started = first;
    stopping = stopping || !first.ok();
    changed.NotifyAll();
  }
  while (true) {
    const std::vector<Ended> ended = ReapAll();
    for (const Ended& end : ended) events.on_ended(end.id, end.exit, end.given_up);
    if (StopAll()) return;
    StartDue();
    KillHung();
    WaitForChange();
  }
}

absl::Status Supervisor::Impl::StartFirst() {
  MutexLock lock(mutex);
  for (Watched& watched : all) QUIRE_RETURN_IF_ERROR(Launch(watched));
  return absl::OkStatus();
}

absl::Status Supervisor::Impl::Launch(Watched& watched) {
  ChildOptions child = {
      .program = options.program,
      .arguments = {"--id", watched.worker.id, "--attach", options.attach_address, "--arena-fd",
                    absl::StrCat(kArenaFd)},
      .descriptors = {{.parent_fd = watched.arena->fd(), .child_fd = kArenaFd}}};
  child.arguments.insert(child.arguments.end(), watched.worker.arguments.begin(),
                         watched.worker.arguments.end());
  watched.policy.OnStarted(Clock::now());
  ++watched.starts;
  watched.attached = false;
  watched.kill_reason.clear();
  QUIRE_ASSIGN_OR_RETURN(watched.child, ChildProcess::Start(child));
  return absl::OkStatus();
}

// Starts again what is due. One that cannot be run any more counts as ended.
void Supervisor::Impl::StartDue() {
  std::vector<Ended> ended;
  {
    MutexLock lock(mutex);
    if (stopping) return;
    for (Watched& watched : all) {
      if (watched.child.running() || watched.given_up || Clock::now() < watched.next_start) continue;
      const absl::Status status = Launch(watched);
      if (status.ok()) continue;
      ExitState exit = {.code = kCannotRunExit};
      exit.reason = std::string(status.message());
      ended.push_back(OnEnded(watched, std::move(exit)));
    }
  }
  for (const Ended& end : ended) events.on_ended(end.id, end.exit, end.given_up);
}

void Supervisor::Impl::KillHung() {
  MutexLock lock(mutex);
  for (Watched& watched : all) {
    if (!watched.kill_reason.empty()) watched.child.Signal(SIGKILL);
  }
}

// Those that ended since the last time; none once stopping, when nobody wants to know.
std::vector<Ended> Supervisor::Impl::ReapAll() {
  std::vector<Ended> ended;
  MutexLock lock(mutex);
  for (Watched& watched : all) {
    std::optional<ExitState> exit = watched.child.Poll();
    if (!exit.has_value() || stopping) continue;
    exit->reason = watched.kill_reason;
    ended.push_back(OnEnded(watched, *std::move(exit)));
  }
  return ended;
}

Ended Supervisor::Impl::OnEnded(Watched& watched, ExitState exit) {
  watched.start_failures = watched.attached ? 0 : watched.start_failures + 1;
  watched.given_up = watched.start_failures >= options.max_start_failures;
  const bool useless = exit.signal == 0 && exit.code == kConfigurationExit;
  watched.next_start = useless ? watched.policy.OnUseless(Clock::now())
                               : watched.policy.OnEnded(Clock::now());
  return {.id = watched.worker.id, .exit = std::move(exit), .given_up = watched.given_up};
}

// Brings a stop forward; true when nothing runs any more.
bool Supervisor::Impl::StopAll() {
  MutexLock lock(mutex);
  if (!stopping) return false;
  const bool first = !kill_time.has_value();
  if (first) kill_time = Clock::now() + kStopTime;
  const bool time_is_up = Clock::now() >= *kill_time;
  bool any = false;
  for (Watched& watched : all) {
    if (first) watched.child.Signal(SIGTERM);
    if (time_is_up) watched.child.Signal(SIGKILL);
    any = any || watched.child.running();
  }
  if (time_is_up) kill_time = Clock::time_point::max();
  return !any;
}

// Sleeps until a child ends, a start or the end of a stop is due, or Wake().
void Supervisor::Impl::WaitForChange() {
  std::vector<pollfd> watched_fds = {{.fd = wake_fd, .events = POLLIN}};
  {
    MutexLock lock(mutex);
    for (const Watched& watched : all) {
      if (watched.child.running()) {
        watched_fds.push_back({.fd = watched.child.exit_fd(), .events = POLLIN});
      }
    }
  }
  int timeout_ms = -1;
  const std::optional<Clock::time_point> next = NextTime();
  if (next.has_value() && *next != Clock::time_point::max()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - Clock::now());
    timeout_ms = static_cast<int>(std::clamp<int64_t>(left.count(), 0, INT_MAX));
  }
  poll(watched_fds.data(), watched_fds.size(), timeout_ms);
  uint64_t count = 0;
  (void)!read(wake_fd, &count, sizeof(count));
}

std::optional<Clock::time_point> Supervisor::Impl::NextTime() {
  MutexLock lock(mutex);
  if (stopping) return kill_time.value_or(Clock::now());  // not begun: at once
  std::optional<Clock::time_point> next;
  for (const Watched& watched : all) {
    if (watched.child.running() || watched.given_up) continue;
    next = std::min(next.value_or(watched.next_start), watched.next_start);
  }
  return next;
}

Supervisor::Supervisor(SupervisorOptions options, std::vector<LocalWorker> workers,
                       SupervisorEvents events)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(workers), std::move(events))) {}

Supervisor::~Supervisor() = default;

absl::Status Supervisor::Start() { return impl_->Start(); }

void Supervisor::BeginStop() { impl_->BeginStop(); }

void Supervisor::Kill(const std::string& id, std::string_view reason) {
  {
    MutexLock lock(impl_->mutex);
    Watched* watched = impl_->Find(id);
    if (watched == nullptr || !watched->child.running()) return;
    watched->kill_reason = reason.empty() ? "asked to" : std::string(reason);
  }
  impl_->Wake();
}

void Supervisor::OnAttached(const std::string& id) {
  MutexLock lock(impl_->mutex);
  if (Watched* watched = impl_->Find(id)) watched->attached = true;
}

std::shared_ptr<Arena> Supervisor::arena(const std::string& id) const {
  MutexLock lock(impl_->mutex);
  const Watched* watched = impl_->Find(id);
  return watched == nullptr ? nullptr : watched->arena;
}

int Supervisor::restarts(const std::string& id) const {
  MutexLock lock(impl_->mutex);
  const Watched* watched = impl_->Find(id);
  return watched == nullptr ? 0 : std::max(0, watched->starts - 1);
}

bool Supervisor::hopeless() const {
  MutexLock lock(impl_->mutex);
  const auto given_up = [](const Watched& watched) { return watched.given_up; };
  return !impl_->all.empty() && std::all_of(impl_->all.begin(), impl_->all.end(), given_up);
}

}  // namespace quire::server
