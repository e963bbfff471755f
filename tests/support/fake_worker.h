#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "proto/mutex.h"
#include "quire/worker/v1/worker.grpc.pb.h"

namespace quire {

// What a FakeWorker does with a job.
enum class FakeAnswer {
  kRead,         // JobStarted, text, JobDone
  kHang,         // JobStarted, then nothing until it is cancelled
  kCrash,        // JobStarted, then the stream breaks
  kFail,         // JobFailed that may succeed later
  kFailForGood,  // JobFailed that never will
  kNoMemory,     // JobFailed for want of device memory
};

struct FakeWorkerOptions {
  std::string address;  // of the attach service
  std::string id = "fake";
  std::string model = "fake";
  std::string token;
  int protocol_version = 1;
  int slots = 2;
  int long_side_px = 32;
  std::vector<quire::v1::Mode> modes = {quire::v1::MODE_BASE, quire::v1::MODE_AUTO};
  std::vector<quire::v1::Task> tasks = {quire::v1::TASK_MARKDOWN, quire::v1::TASK_FREE_TEXT};
  const uint8_t* arena = nullptr;  // shared with the front; null: wants chunks
  double page_seconds = 0;         // from job to answer
  bool has_heartbeats = true;
  bool engine_moves = true;        // in its heartbeats, while jobs are held
  // What to do with a job; kRead when empty. Called from the worker's threads.
  std::function<FakeAnswer(const quire::worker::v1::PageJob&)> answer;
};

// A worker that speaks the real attach protocol and reads no letters: its text names the page, its
// size and the sum of its pixels. Its stream breaks when it goes. Thread-safe.
class FakeWorker {
 public:
  explicit FakeWorker(FakeWorkerOptions options);
  ~FakeWorker();

  // Breaks the stream.
  void Leave() { context_.TryCancel(); }

  // The text that a page gets.
  //   pixel  every byte of the page
  static std::string TextOf(int page_number, int width, int height, uint8_t pixel);

  // Each blocks for at most 10 s and says whether it came.
  bool WaitUntilAttached();
  bool WaitForJobs(int count);        // that ever came
  bool WaitForCancelled(int count);
  // How the stream ended, once it has.
  absl::Status WaitForEnd();

  int jobs() const;
  int most_at_once() const;
  bool kept_alone() const;  // no job that must be alone ever had company
  std::vector<quire::worker::v1::PageJob> all_jobs() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Job {
    quire::worker::v1::PageJob wire;
    std::string pixels;
    bool complete = false;  // all pixels are there
    Clock::time_point due;
    FakeAnswer answer = FakeAnswer::kRead;
  };

  void ReadLoop();
  void WorkLoop();
  void Handle(const quire::worker::v1::AttachResponse& message);
  void TakeJob(const quire::worker::v1::PageJob& wire);
  void TakePixels(const quire::worker::v1::PixelChunk& chunk);
  void Begin(Job& job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(uint64_t job_id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AnswerCancel(uint64_t job_id);
  void SendHeartbeat() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Write(const quire::worker::v1::AttachRequest& message)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool WaitFor(const std::function<bool()>& condition);
  void LeaveIfDrained() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const FakeWorkerOptions options_;
  std::unique_ptr<quire::worker::v1::AttachService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<quire::worker::v1::AttachRequest,
                                           quire::worker::v1::AttachResponse>>
      stream_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::map<uint64_t, Job> held_ ABSL_GUARDED_BY(mutex_);
  std::vector<quire::worker::v1::PageJob> all_jobs_ ABSL_GUARDED_BY(mutex_);
  double heartbeat_seconds_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t steps_ ABSL_GUARDED_BY(mutex_) = 0;
  int cancelled_ ABSL_GUARDED_BY(mutex_) = 0;
  int most_at_once_ ABSL_GUARDED_BY(mutex_) = 0;
  bool kept_alone_ ABSL_GUARDED_BY(mutex_) = true;
  bool attached_ ABSL_GUARDED_BY(mutex_) = false;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool left_ ABSL_GUARDED_BY(mutex_) = false;  // half-closed
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status end_ ABSL_GUARDED_BY(mutex_);
  std::thread reader_;
  std::thread worker_;
};

}  // namespace quire
