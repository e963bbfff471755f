// What a worker, or whoever got hold of its token, may send to the front, in any order: frames of two
// bytes of length and an AttachRequest. And any job that a front may send to a worker.

#include <google/protobuf/stubs/logging.h>

#include <cstdint>
#include <set>
#include <string>

#include "proto/check.h"
#include "server/worker_hello.h"
#include "server/worker_registry.h"
#include "worker/job_translation.h"

namespace quire::server {
namespace {

constexpr uint64_t kJobs = 2;

class QuietLink final : public WorkerLink {
 public:
  void Send(quire::worker::v1::AttachResponse) override {}
  void SendPixels(uint64_t, RenderedPage) override {}
  void DropPixels(uint64_t) override {}
  void Close(const absl::Status&) override { closed = true; }
  bool closed = false;
};

// Each job ends once, and none is heard of that was not given or has ended.
class Jobs final : public JobEvents {
 public:
  void OnJobStarted(uint64_t job_id, const std::string&) override { CheckHeld(job_id); }
  void OnJobText(uint64_t job_id, std::string) override { CheckHeld(job_id); }
  void OnJobDone(uint64_t job_id, quire::v1::PageResult) override { End(job_id); }
  void OnJobFailed(uint64_t job_id, const absl::Status&, bool) override { End(job_id); }
  void OnJobsLost(const std::vector<LostJob>& jobs) override {
    for (const LostJob& job : jobs) End(job.job_id);
  }
  void OnCapacityChanged() override {}
  void Give(uint64_t job_id) { held_.insert(job_id); }
  bool empty() const { return held_.empty(); }

 private:
  void CheckHeld(uint64_t job_id) const { QUIRE_CHECK(held_.contains(job_id)); }
  void End(uint64_t job_id) { QUIRE_CHECK(held_.erase(job_id) == 1); }
  std::set<uint64_t> held_;
};

void GiveJobs(WorkerRegistry& registry, const std::string& worker, Jobs& jobs) {
  for (uint64_t job_id = 1; job_id <= kJobs; ++job_id) {
    jobs.Give(job_id);
    quire::worker::v1::PageJob job;
    job.set_job_id(job_id);
    registry.Assign(worker, std::move(job), {});
  }
}

void CheckLoads(const WorkerRegistry& registry) {
  for (const WorkerLoad& load : registry.loads()) QUIRE_CHECK(load.slots >= 0 && load.used >= 0);
  for (const ModelPool& pool : registry.pools()) QUIRE_CHECK(pool.slots >= 1);
  registry.infos();
}

void RunStream(const uint8_t* data, size_t size) {
  const FrontLimits limits;
  WorkerRegistry registry(limits, {});
  Jobs jobs;
  registry.SetEvents(jobs);
  QuietLink link;
  std::string id;
  while (size >= 2 && !link.closed) {
    const size_t length = std::min<size_t>(size - 2, data[0] | data[1] << 8);
    quire::worker::v1::AttachRequest message;
    if (!message.ParseFromArray(data + 2, static_cast<int>(length))) break;
    data += 2 + length;
    size -= 2 + length;
    if (!id.empty()) {
      registry.OnMessage(id, std::move(message));
    } else {
      if (!message.has_hello() || !CheckHello(message.hello()).ok()) break;
      if (!registry.Attach(message.hello(), link, /*is_local=*/false).ok()) break;
      id = message.hello().worker_id();
      GiveJobs(registry, id, jobs);
    }
    registry.SetWaiting(5);
    registry.Tick(WorkerRegistry::Clock::now());
    CheckLoads(registry);
  }
  if (!id.empty()) registry.Detach(id, link);
  QUIRE_CHECK(jobs.empty());
}

}  // namespace
}  // namespace quire::server

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // It complains of each input with broken UTF-8.
  [[maybe_unused]] static const auto kTold = google::protobuf::SetLogHandler(nullptr);
  quire::server::RunStream(data, size);
  quire::worker::v1::PageJob job;
  if (job.ParseFromArray(data, static_cast<int>(size))) {
    const auto request = quire::worker::RequestFromJob(job);
    QUIRE_CHECK(!request.ok() || (request->pixels.width >= 1 && quire::worker::PixelBytes(job) >= 3));
  }
  return 0;
}
