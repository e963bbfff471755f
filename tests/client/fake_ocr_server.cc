#include "tests/client/fake_ocr_server.h"

#include <grpc/grpc.h>
#include <grpcpp/server_builder.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

#include "proto/check.h"
#include "proto/grpc_status.h"
#include "proto/mutex.h"

namespace quire::client {
namespace {

// What all calls write down.
struct Journal {
  Mutex mutex;
  CondVar changed;
  std::vector<ReceivedDocument> received ABSL_GUARDED_BY(mutex);
  bool cancelled ABSL_GUARDED_BY(mutex) = false;

  void OnCancelled() {
    MutexLock lock(mutex);
    cancelled = true;
    changed.NotifyAll();
  }
};

class RecognizeCall : public grpc::ServerBidiReactor<v1::RecognizeRequest, v1::RecognizeResponse> {
 public:
  RecognizeCall(FakeAnswer answer, Journal& journal)
      : answer_(std::move(answer)), journal_(journal) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      std::this_thread::sleep_for(answer_.delay);
      return WriteNext();
    }
    {
      MutexLock lock(journal_.mutex);
      if (request_.has_options()) {
        place_ = journal_.received.size();
        journal_.received.push_back({.options = request_.options()});
      } else {
        ReceivedDocument& document = journal_.received[place_];
        document.bytes += request_.chunk();
        document.largest_chunk_bytes =
            std::max(document.largest_chunk_bytes, request_.chunk().size());
      }
    }
    if (answer_.refuse_at_once) return FinishOnce();
    if (request_.has_options() && !answer_.early_events.empty()) return WriteNext();
    StartRead(&request_);
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return FinishOnce();
    if (next_ == answer_.early_events.size() && next_ > 0 && !std::exchange(early_done_, true)) {
      return StartRead(&request_);
    }
    WriteNext();
  }

  void OnCancel() override {
    journal_.OnCancelled();
    FinishOnce();
  }

  void OnDone() override { delete this; }

 private:
  void WriteNext() {
    MutexLock lock(mutex_);
    if (finished_) return;
    const size_t early = answer_.early_events.size();
    if (next_ < early) return StartWrite(&answer_.early_events[next_++]);
    if (next_ < early + answer_.events.size()) return StartWrite(&answer_.events[next_++ - early]);
    if (answer_.hang) return;
    finished_ = true;
    Finish(ToGrpc(answer_.status));
  }

  void FinishOnce() {
    MutexLock lock(mutex_);
    if (!std::exchange(finished_, true)) Finish(ToGrpc(answer_.status));
  }

  FakeAnswer answer_;
  Journal& journal_;
  v1::RecognizeRequest request_;
  size_t place_ = 0;
  size_t next_ = 0;
  bool early_done_ = false;
  Mutex mutex_;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

// Says that it is ready, once, and stays.
class WatchCall : public grpc::ServerWriteReactor<v1::WatchStatusResponse> {
 public:
  explicit WatchCall(Journal& journal) : journal_(journal) {
    state_.set_ready(true);
    state_.set_pages_read(7);
    StartWrite(&state_);
  }
  void OnWriteDone(bool) override {}
  void OnCancel() override {
    journal_.OnCancelled();
    Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  Journal& journal_;
  v1::WatchStatusResponse state_;
};

}  // namespace

class FakeOcrServer::Service : public v1::OcrService::CallbackService {
 public:
  explicit Service(std::vector<FakeAnswer> answers) : answers_(std::move(answers)) {}

  grpc::ServerBidiReactor<v1::RecognizeRequest, v1::RecognizeResponse>* Recognize(
      grpc::CallbackServerContext*) override {
    size_t call = 0;
    {
      MutexLock lock(journal.mutex);
      call = std::min(calls_++, answers_.size() - 1);
    }
    return new RecognizeCall(answers_[call], journal);
  }

  grpc::ServerUnaryReactor* GetServerInfo(grpc::CallbackServerContext* context,
                                          const v1::GetServerInfoRequest*,
                                          v1::GetServerInfoResponse* info) override {
    info->set_version("9.8.7");
    info->add_models()->set_key("nano");
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  grpc::ServerWriteReactor<v1::WatchStatusResponse>* WatchStatus(
      grpc::CallbackServerContext*, const v1::WatchStatusRequest*) override {
    return new WatchCall(journal);
  }

  Journal journal;

 private:
  const std::vector<FakeAnswer> answers_;
  size_t calls_ ABSL_GUARDED_BY(journal.mutex) = 0;
};

FakeOcrServer::FakeOcrServer(std::vector<FakeAnswer> answers, const std::string& address)
    : address_(address), service_(std::make_unique<Service>(std::move(answers))) {
  // Never undone: taking gRPC down between two tests waits up to 10 s for its poller.
  grpc_init();
  if (address_.empty()) {
    folder_ = "/tmp/quire-fake-XXXXXX";
    QUIRE_CHECK(mkdtemp(folder_.data()) != nullptr);
    address_ = "unix:" + folder_ + "/quire.sock";
  }
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address_, grpc::InsecureServerCredentials());
  builder.RegisterService(service_.get());
  server_ = builder.BuildAndStart();
  QUIRE_CHECK(server_ != nullptr);
}

FakeOcrServer::~FakeOcrServer() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  if (!folder_.empty()) std::filesystem::remove_all(folder_);
}

std::vector<ReceivedDocument> FakeOcrServer::received() const {
  MutexLock lock(service_->journal.mutex);
  return service_->journal.received;
}

bool FakeOcrServer::WaitUntilCancelled() const {
  Journal& journal = service_->journal;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  MutexLock lock(journal.mutex);
  while (!journal.cancelled) {
    if (!journal.changed.WaitUntil(journal.mutex, deadline)) return journal.cancelled;
  }
  return true;
}

}  // namespace quire::client
