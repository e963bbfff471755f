#include "tests/support/fake_worker.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/grpc_status.h"
#include "proto/rich_status.h"

namespace quire {
namespace {

namespace wire = quire::worker::v1;

std::string Describe(int page_number, int width, int height, uint64_t sum) {
  return absl::StrCat("page ", page_number, ", ", width, " x ", height, ", sum ", sum);
}

std::chrono::steady_clock::duration Duration(double seconds) {
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      std::chrono::duration<double>(seconds));
}

wire::AttachRequest Hello(const FakeWorkerOptions& options) {
  wire::AttachRequest message;
  wire::WorkerHello& hello = *message.mutable_hello();
  hello.set_protocol_version(options.protocol_version);
  hello.set_worker_id(options.id);
  hello.set_device("cpu");
  hello.set_dtype("f32");
  hello.set_slots(options.slots);
  hello.set_load_seconds(0.5);
  hello.set_render_long_side_px(options.long_side_px);
  hello.set_has_arena(options.arena != nullptr);
  hello.set_max_vision_tokens(1);
  hello.mutable_model()->set_key(options.model);
  for (const auto mode : options.modes) hello.mutable_model()->add_modes(mode);
  for (const auto task : options.tasks) hello.mutable_model()->add_tasks(task);
  return message;
}

}  // namespace

std::string FakeWorker::TextOf(int page_number, int width, int height, uint8_t pixel) {
  return Describe(page_number, width, height, uint64_t{3} * width * height * pixel);
}

FakeWorker::FakeWorker(FakeWorkerOptions options) : options_(std::move(options)) {
  stub_ = wire::AttachService::NewStub(
      grpc::CreateChannel(options_.address, grpc::InsecureChannelCredentials()));
  if (!options_.token.empty()) context_.AddMetadata("authorization", "Bearer " + options_.token);
  stream_ = stub_->Attach(&context_);
  {
    MutexLock lock(mutex_);
    Write(Hello(options_));
  }
  reader_ = std::thread([this] { ReadLoop(); });
  worker_ = std::thread([this] { WorkLoop(); });
}

FakeWorker::~FakeWorker() {
  context_.TryCancel();
  reader_.join();
  worker_.join();
}

void FakeWorker::Write(const wire::AttachRequest& message) {
  if (!left_) stream_->Write(message);
}

void FakeWorker::ReadLoop() {
  wire::AttachResponse message;
  while (stream_->Read(&message)) Handle(message);
  const absl::Status end = FromGrpc(stream_->Finish());
  MutexLock lock(mutex_);
  ended_ = true;
  end_ = end;
  changed_.NotifyAll();
}

void FakeWorker::Handle(const wire::AttachResponse& message) {
  if (message.has_job()) return TakeJob(message.job());
  if (message.has_pixels()) return TakePixels(message.pixels());
  if (message.has_cancel()) return AnswerCancel(message.cancel().job_id());
  MutexLock lock(mutex_);
  if (message.has_hello_accepted()) {
    attached_ = true;
    heartbeat_seconds_ = message.hello_accepted().heartbeat_seconds();
  }
  if (message.has_drain()) {
    draining_ = true;
    LeaveIfDrained();
  }
  changed_.NotifyAll();
}

void FakeWorker::LeaveIfDrained() {
  if (!draining_ || !held_.empty() || ended_ || left_) return;
  left_ = true;
  stream_->WritesDone();
}

void FakeWorker::TakeJob(const wire::PageJob& wire_job) {
  MutexLock lock(mutex_);
  Job& job = held_[wire_job.job_id()];
  job.wire = wire_job;
  all_jobs_.push_back(wire_job);
  most_at_once_ = std::max(most_at_once_, static_cast<int>(held_.size()));
  const bool has_alone = std::any_of(held_.begin(), held_.end(),
                                     [](const auto& held) { return held.second.wire.alone(); });
  if (has_alone && held_.size() > 1) kept_alone_ = false;
  if (wire_job.has_arena()) {
    job.pixels.assign(reinterpret_cast<const char*>(options_.arena) + wire_job.arena().offset(),
                      wire_job.arena().bytes());
    Begin(job);
  }
  changed_.NotifyAll();
}

void FakeWorker::TakePixels(const wire::PixelChunk& chunk) {
  MutexLock lock(mutex_);
  const auto found = held_.find(chunk.job_id());
  if (found == held_.end()) return;
  Job& job = found->second;
  job.pixels += chunk.data();
  size_t wanted = size_t{3} * job.wire.width_px() * job.wire.height_px();
  for (const wire::ImageSize& size : job.wire.more_images()) {
    wanted += size_t{3} * size.width_px() * size.height_px();
  }
  if (job.pixels.size() == wanted) Begin(job);
  changed_.NotifyAll();
}

void FakeWorker::Begin(Job& job) {
  job.complete = true;
  job.due = Clock::now() + Duration(options_.page_seconds);
  if (options_.answer) job.answer = options_.answer(job.wire);
  wire::AttachRequest message;
  message.mutable_started()->set_job_id(job.wire.job_id());
  Write(message);
  message.mutable_pixels_released()->set_job_id(job.wire.job_id());
  Write(message);
  if (job.answer == FakeAnswer::kCrash) context_.TryCancel();
}

void FakeWorker::End(uint64_t job_id) {
  const Job job = std::move(held_.extract(job_id).mapped());
  wire::AttachRequest message;
  if (job.answer == FakeAnswer::kRead) {
    const uint64_t sum = std::accumulate(job.pixels.begin(), job.pixels.end(), uint64_t{0},
                                         [](uint64_t s, char c) { return s + uint8_t(c); });
    const std::string text =
        Describe(job.wire.page_number(), job.wire.width_px(), job.wire.height_px(), sum);
    if (job.wire.stream_text()) {
      for (const std::string& piece : {text.substr(0, 5), text.substr(5)}) {
        message.mutable_text()->set_job_id(job_id);
        message.mutable_text()->set_text(piece);
        Write(message);
      }
    }
    message.mutable_done()->set_job_id(job_id);
    quire::v1::PageResult& page = *message.mutable_done()->mutable_page();
    page.set_markdown(text);
    page.set_text(text);
    page.add_blocks()->set_text(text);
    page.set_raw_output(text);
    page.set_finish_reason(quire::v1::FINISH_REASON_STOP);
    page.set_output_tokens(7);
    page.mutable_seconds()->set_decode(options_.page_seconds);
  } else {
    message.mutable_failed()->set_job_id(job_id);
    message.mutable_failed()->set_retryable(job.answer != FakeAnswer::kFailForGood);
    *message.mutable_failed()->mutable_status() =
        ToProto(job.answer == FakeAnswer::kNoMemory
                    ? absl::ResourceExhaustedError("the fake device has no memory left")
                    : MakeError(absl::StatusCode::kInternal, "FAKE_FAILURE",
                                "the fake worker failed"));
  }
  Write(message);
  LeaveIfDrained();
}

void FakeWorker::AnswerCancel(uint64_t job_id) {
  MutexLock lock(mutex_);
  if (held_.erase(job_id) == 0) return;
  ++cancelled_;
  wire::AttachRequest message;
  message.mutable_failed()->set_job_id(job_id);
  *message.mutable_failed()->mutable_status() = ToProto(absl::CancelledError("cancelled"));
  Write(message);
  LeaveIfDrained();
  changed_.NotifyAll();
}

void FakeWorker::SendHeartbeat() {
  if (options_.engine_moves) ++steps_;
  wire::AttachRequest message;
  message.mutable_heartbeat()->set_jobs(static_cast<int>(held_.size()));
  message.mutable_heartbeat()->set_engine_steps(steps_);
  message.mutable_heartbeat()->set_batch_size(static_cast<int>(held_.size()));
  message.mutable_heartbeat()->set_resident_bytes(1000);
  Write(message);
}

// Answers jobs whose time has come and sends heartbeats.
void FakeWorker::WorkLoop() {
  MutexLock lock(mutex_);
  Clock::time_point heartbeat = Clock::now();
  while (!ended_) {
    const Clock::time_point now = Clock::now();
    const bool beats = attached_ && options_.has_heartbeats;
    if (beats && now >= heartbeat) {
      SendHeartbeat();
      heartbeat = now + Duration(heartbeat_seconds_);
    }
    std::vector<uint64_t> due;
    Clock::time_point next = beats ? heartbeat : now + std::chrono::seconds(10);
    for (const auto& [job_id, job] : held_) {
      const bool answers = job.complete && job.answer != FakeAnswer::kHang &&
                           job.answer != FakeAnswer::kCrash;
      if (!answers) continue;
      if (job.due <= now) {
        due.push_back(job_id);
      } else {
        next = std::min(next, job.due);
      }
    }
    for (const uint64_t job_id : due) End(job_id);
    if (due.empty()) changed_.WaitUntil(mutex_, next);
  }
}

bool FakeWorker::WaitFor(const std::function<bool()>& condition) {
  const auto deadline = Clock::now() + std::chrono::seconds(10);
  MutexLock lock(mutex_);
  while (!condition() && changed_.WaitUntil(mutex_, deadline)) {
  }
  return condition();
}

bool FakeWorker::WaitUntilAttached() {
  return WaitFor([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return attached_ || ended_; }) &&
         WaitFor([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return attached_; });
}

bool FakeWorker::WaitForJobs(int count) {
  return WaitFor([this, count]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return static_cast<int>(all_jobs_.size()) >= count;
  });
}

bool FakeWorker::WaitForCancelled(int count) {
  return WaitFor([this, count]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return cancelled_ >= count; });
}

absl::Status FakeWorker::WaitForEnd() {
  if (!WaitFor([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return ended_; })) {
    return absl::DeadlineExceededError("the stream is still there after 10 s");
  }
  MutexLock lock(mutex_);
  return end_;
}

int FakeWorker::jobs() const {
  MutexLock lock(mutex_);
  return static_cast<int>(all_jobs_.size());
}

int FakeWorker::most_at_once() const {
  MutexLock lock(mutex_);
  return most_at_once_;
}

bool FakeWorker::kept_alone() const {
  MutexLock lock(mutex_);
  return kept_alone_;
}

std::vector<wire::PageJob> FakeWorker::all_jobs() const {
  MutexLock lock(mutex_);
  return all_jobs_;
}

}  // namespace quire
