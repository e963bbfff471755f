#include "worker/attachment.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_format.h"
#include "proto/grpc_status.h"
#include "proto/rich_status.h"
#include "worker/job_translation.h"
#include "worker/memory_use.h"

namespace quire::worker {
namespace {

namespace wire = quire::worker::v1;

// A page above this is never sent by a front: its own limit is far lower.
constexpr uint64_t kMaxPixelBytes = uint64_t{1} << 31;

// Whether the same page may do better elsewhere or later.
bool Retryable(const absl::Status& status) {
  return status.code() != absl::StatusCode::kInvalidArgument &&
         status.code() != absl::StatusCode::kFailedPrecondition;
}

// The same starts, counted from a moment so much earlier; what never began stays 0.
void ShiftStarts(double seconds, StageStarts& starts) {
  for (double* start : {&starts.tokenize, &starts.preprocess, &starts.vision, &starts.prefill,
                        &starts.decode, &starts.postprocess}) {
    if (*start > 0) *start += seconds;
  }
}

}  // namespace

Attachment::Attachment(const FrontLinkOptions& options, PageReader& reader, SlotShares& shares,
                       const FrontLinkEvents& events)
    : options_(options), reader_(reader), shares_(shares), events_(events) {}

void Attachment::Start(std::shared_ptr<grpc::Channel> channel, const std::string& authorization) {
  stub_ = wire::AttachService::NewStub(std::move(channel));
  if (!authorization.empty()) context_.AddMetadata("authorization", authorization);
  stub_->async()->Attach(&context_, this);
  front_ = shares_.Join([this](int slots) { SendLease(slots); });
  wire::AttachRequest hello;
  *hello.mutable_hello() =
      HelloFromInfo(reader_.info(), options_.worker_id, options_.arena != nullptr);
  if (options_.shared) hello.mutable_hello()->set_leased_slots(shares_.lease(front_));
  {
    MutexLock lock(mutex_);
    holding_ = true;
    outgoing_.push_front(std::move(hello));  // a lease may have changed meanwhile
    AddHold();
    PumpLocked();
  }
  StartRead(&incoming_);
  StartCall();
}

void Attachment::Cancel() { context_.TryCancel(); }

bool Attachment::drained() const {
  MutexLock lock(mutex_);
  return draining_;
}

absl::Status Attachment::Wait() {
  std::vector<uint64_t> running;  // by their numbers here
  std::vector<uint64_t> unbegun;  // by the front's
  absl::Status result;
  {
    mutex_.Lock();
    while (!ended_) {
      if (!heartbeat_) {
        changed_.Wait(mutex_);
        continue;
      }
      const auto next = std::chrono::steady_clock::now() +
                        std::chrono::duration_cast<std::chrono::steady_clock::duration>(*heartbeat_);
      while (!ended_ && changed_.WaitUntil(mutex_, next)) {
      }
      if (ended_) break;
      mutex_.Unlock();
      SendHeartbeat();
      mutex_.Lock();
    }
    result = FromGrpc(*ended_);
    for (const auto& [job_id, job] : jobs_) {
      (job->reading ? running : unbegun).push_back(job->reading ? job->request.job_id : job_id);
    }
    mutex_.Unlock();
  }
  for (const uint64_t number : running) reader_.Cancel(number);
  // Jobs that were never given to the reader have no callback to wait for.
  for (const uint64_t job_id : unbegun) EndJob(job_id, std::nullopt);
  {
    MutexLock lock(mutex_);
    while (!jobs_.empty()) changed_.Wait(mutex_);
  }
  shares_.Leave(front_);
  return result;
}

void Attachment::OnReadDone(bool ok) {
  if (!ok) {  // the front ended the stream: let the call finish
    MutexLock lock(mutex_);
    if (std::exchange(holding_, false)) RemoveHold();
    return;
  }
  Handle(incoming_);
  StartRead(&incoming_);
}

void Attachment::OnWriteDone(bool ok) {
  MutexLock lock(mutex_);
  write_in_flight_ = false;
  if (!ok) outgoing_.clear();  // the stream is broken; OnReadDone hears of it too
  PumpLocked();
}

void Attachment::OnDone(const grpc::Status& status) {
  MutexLock lock(mutex_);
  ended_ = status;
  changed_.NotifyAll();
}

void Attachment::Handle(const wire::AttachResponse& message) {
  switch (message.message_case()) {
    case wire::AttachResponse::kHelloAccepted: {
      const double seconds = message.hello_accepted().heartbeat_seconds();
      MutexLock lock(mutex_);
      heartbeat_ = std::chrono::duration<double>(seconds > 0.05 && seconds < 3600 ? seconds : 2);
      changed_.NotifyAll();
      break;
    }
    case wire::AttachResponse::kJob:
      AcceptJob(message.job());
      break;
    case wire::AttachResponse::kPixels:
      AcceptPixels(message.pixels());
      break;
    case wire::AttachResponse::kCancel:
      CancelJob(message.cancel().job_id());
      break;
    case wire::AttachResponse::kDrain: {
      MutexLock lock(mutex_);
      draining_ = true;
      PumpLocked();
      break;
    }
    case wire::AttachResponse::kLeaseTaken:
      shares_.OnLeaseTaken(front_);
      break;
    case wire::AttachResponse::kDemand:
      shares_.OnDemand(front_, message.demand().jobs());
      break;
    case wire::AttachResponse::MESSAGE_NOT_SET:
      break;  // a newer front's message: nothing that this protocol version owes an answer to
  }
  if (message.has_hello_accepted() && events_.on_attached) {
    events_.on_attached(options_.address, message.hello_accepted().front_version());
  }
}

void Attachment::AcceptJob(const wire::PageJob& wire_job) {
  absl::StatusOr<PageRequest> request = RequestFromJob(wire_job);
  if (!request.ok()) return Fail(wire_job.job_id(), request.status());
  const uint64_t bytes = PixelBytes(wire_job);
  auto job = std::make_unique<Job>();
  job->wire = wire_job;
  if (wire_job.has_arena()) {
    const wire::ArenaRange& range = wire_job.arena();
    if (options_.arena == nullptr || range.bytes() != bytes || bytes > options_.arena_bytes ||
        range.offset() > options_.arena_bytes - bytes) {
      return Fail(wire_job.job_id(),
                  absl::InternalError(absl::StrFormat(
                      "job %d lies at %d + %d of an arena of %d bytes, and its page has %d",
                      wire_job.job_id(), range.offset(), range.bytes(), options_.arena_bytes,
                      bytes)));
    }
    SetPixels(options_.arena + range.offset(), *request);
  } else {
    if (bytes > kMaxPixelBytes) {
      return Fail(wire_job.job_id(),
                  absl::InvalidArgumentError(absl::StrFormat(
                      "job %d has %d bytes of pixels; the limit is %d", wire_job.job_id(), bytes,
                      kMaxPixelBytes)));
    }
    job->pixels.reserve(bytes);
  }
  if (Find(wire_job.job_id()) != nullptr) return;  // sent twice: one answer
  request->job_id = shares_.Begin(front_);
  job->request = *request;
  job->reading = wire_job.has_arena();
  {
    MutexLock lock(mutex_);
    jobs_.emplace(wire_job.job_id(), std::move(job));
  }
  if (wire_job.has_arena()) Begin(wire_job.job_id(), *std::move(request));
}

void Attachment::AcceptPixels(const wire::PixelChunk& chunk) {
  PageRequest request;
  bool too_many = false;
  {
    MutexLock lock(mutex_);
    const auto found = jobs_.find(chunk.job_id());
    if (found == jobs_.end() || found->second->reading) return;  // cancelled meanwhile
    Job& job = *found->second;
    const uint64_t wanted = PixelBytes(job.wire);
    too_many = job.pixels.size() + chunk.data().size() > wanted;
    if (!too_many) {
      job.pixels.insert(job.pixels.end(), chunk.data().begin(), chunk.data().end());
      if (job.pixels.size() < wanted) return;
      job.reading = true;
      job.transfer_seconds =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - job.came).count();
      SetPixels(job.pixels.data(), job.request);
      request = job.request;
    }
  }
  if (too_many) {
    return Fail(chunk.job_id(), absl::InternalError("more pixels came than the page has"));
  }
  Begin(chunk.job_id(), std::move(request));
}

void Attachment::CancelJob(uint64_t job_id) {
  uint64_t number = 0;
  {
    MutexLock lock(mutex_);
    const auto found = jobs_.find(job_id);
    if (found == jobs_.end()) return;
    if (found->second->reading) number = found->second->request.job_id;
  }
  if (number != 0) return reader_.Cancel(number);
  Fail(job_id, absl::CancelledError("cancelled before its pixels had come"));
}

void Attachment::Begin(uint64_t job_id, PageRequest request) {
  // The callbacks keep this attachment alive beyond the stream.
  std::shared_ptr<Attachment> self = shared_from_this();
  PageCallbacks callbacks;
  callbacks.on_started = [self, job_id] {
    wire::AttachRequest message;
    message.mutable_started()->set_job_id(job_id);
    self->Send(std::move(message));
  };
  callbacks.on_pixels_released = [self, job_id] {
    wire::AttachRequest message;
    message.mutable_pixels_released()->set_job_id(job_id);
    self->Send(std::move(message));
  };
  callbacks.on_text = [self, job_id](std::string text) { self->SendText(job_id, std::move(text)); };
  callbacks.on_done = [self, job_id](absl::StatusOr<PageOutput> output) {
    self->FinishJob(job_id, std::move(output));
  };
  reader_.Read(std::move(request), std::move(callbacks));
}

// A job is taken out by the one who ends it: until then it stays where it is.
const Attachment::Job* Attachment::Find(uint64_t job_id) const {
  MutexLock lock(mutex_);
  const auto found = jobs_.find(job_id);
  return found == jobs_.end() ? nullptr : found->second.get();
}

void Attachment::FinishJob(uint64_t job_id, absl::StatusOr<PageOutput> output) {
  // A broken device fails whatever comes: the front is told that the worker is lost, which counts
  // against none of its pages.
  if (!output.ok() && reader_.stats().broken) {
    if (const Job* job = Find(job_id); job != nullptr && events_.on_page_end) {
      events_.on_page_end(job->wire, output.status());
    }
    Cancel();
    return EndJob(job_id, std::nullopt);
  }
  if (absl::IsResourceExhausted(output.status())) shares_.OnOutOfMemory();
  if (!output.ok()) return Fail(job_id, output.status());
  shares_.OnRead();
  wire::AttachRequest message;
  message.mutable_done()->set_job_id(job_id);
  const Job* job = Find(job_id);
  if (job == nullptr) return;
  output->seconds.transfer += job->transfer_seconds;
  if (output->first_token_seconds > 0) output->first_token_seconds += job->transfer_seconds;
  ShiftStarts(job->transfer_seconds, output->starts);
  *message.mutable_done()->mutable_page() = ResultFromOutput(*output, job->request, job->wire);
  if (events_.on_page_end) events_.on_page_end(job->wire, output);
  EndJob(job_id, std::move(message));
}

void Attachment::Fail(uint64_t job_id, const absl::Status& status) {
  wire::AttachRequest message;
  message.mutable_failed()->set_job_id(job_id);
  *message.mutable_failed()->mutable_status() = ToProto(status);
  message.mutable_failed()->set_retryable(Retryable(status));
  if (const Job* job = Find(job_id); job != nullptr && events_.on_page_end) {
    events_.on_page_end(job->wire, status);
  }
  EndJob(job_id, std::move(message));
}

// Wait() goes on once the last job is out: its slot is given back before.
void Attachment::EndJob(uint64_t job_id, std::optional<wire::AttachRequest> message) {
  if (Find(job_id) != nullptr) shares_.End(front_);
  MutexLock lock(mutex_);
  jobs_.erase(job_id);
  if (message.has_value()) outgoing_.push_back(*std::move(message));
  PumpLocked();
  changed_.NotifyAll();
}

void Attachment::Send(wire::AttachRequest message) {
  MutexLock lock(mutex_);
  outgoing_.push_back(std::move(message));
  PumpLocked();
}

void Attachment::SendText(uint64_t job_id, std::string text) {
  MutexLock lock(mutex_);
  // A slow stream gets fewer, longer pieces: text that still waits grows.
  for (auto message = outgoing_.rbegin(); message != outgoing_.rend(); ++message) {
    if (message->has_text() && message->text().job_id() == job_id) {
      message->mutable_text()->mutable_text()->append(text);
      return;
    }
  }
  wire::AttachRequest message;
  message.mutable_text()->set_job_id(job_id);
  message.mutable_text()->set_text(std::move(text));
  outgoing_.push_back(std::move(message));
  PumpLocked();
}

void Attachment::PumpLocked() {
  if (write_in_flight_ || !holding_ || writes_done_) return;
  if (!outgoing_.empty()) {
    writing_ = std::move(outgoing_.front());
    outgoing_.pop_front();
    write_in_flight_ = true;
    StartWrite(&writing_);
  } else if (draining_ && jobs_.empty() && !writes_done_) {
    writes_done_ = true;
    StartWritesDone();
  }
}

void Attachment::SendLease(int slots) {
  wire::AttachRequest message;
  message.mutable_lease()->set_slots(slots);
  Send(std::move(message));
}

void Attachment::SendHeartbeat() {
  const ReaderStats stats = reader_.stats();
  if (stats.broken) return Cancel();
  wire::AttachRequest message;
  wire::Heartbeat* heartbeat = message.mutable_heartbeat();
  heartbeat->set_jobs(stats.pages);
  heartbeat->set_engine_steps(stats.engine_steps);
  heartbeat->set_batch_size(stats.batch_size);
  heartbeat->set_kv_cache_tokens(stats.kv_cache_tokens);
  heartbeat->set_kv_cache_capacity_tokens(stats.kv_cache_capacity_tokens);
  if (stats.decode_profile.steps > 0) {
    *heartbeat->mutable_decode_profile() = ProfileToWire(stats.decode_profile);
  }
  const MemoryUse memory = MemoryUseOf(reader_);
  heartbeat->set_device_memory_used_bytes(memory.device_bytes);
  heartbeat->set_device_memory_peak_bytes(memory.device_peak_bytes);
  heartbeat->set_resident_bytes(memory.resident_bytes);
  Send(std::move(message));
}

}  // namespace quire::worker
