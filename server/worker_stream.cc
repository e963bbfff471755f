#include "server/worker_stream.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <utility>

#include <spdlog/spdlog.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/grpc_status.h"
#include "proto/rich_status.h"
#include "proto/status.h"
#include "server/authorization.h"
#include "server/worker_hello.h"

namespace quire::server {
namespace {

namespace wire = quire::worker::v1;

constexpr uint64_t kPixelChunkBytes = 1 << 20;

// One worker's stream. Reactions post to the loop, where all state lives; one read and one write are
// in flight. Deletes itself after OnDone.
class WorkerStream final : public grpc::ServerBidiReactor<wire::AttachRequest, wire::AttachResponse>,
                           public WorkerLink {
 public:
  WorkerStream(const AttachParts& parts, grpc::CallbackServerContext* context)
      : parts_(parts), context_(*context), is_local_(absl::StartsWith(context->peer(), "unix")) {
    parts_.loop.Post([this] { Begin(); });
    StartRead(&incoming_);
  }

  void OnReadDone(bool ok) override {
    parts_.loop.Post([this, ok] { OnRead(ok); });
  }
  void OnWriteDone(bool ok) override {
    parts_.loop.Post([this, ok] { OnWritten(ok); });
  }
  void OnCancel() override {
    parts_.loop.Post([this] { End(absl::CancelledError("the worker's stream broke")); });
  }
  void OnDone() override {
    parts_.loop.Post([this] { delete this; });
  }

  void Send(wire::AttachResponse message) override {
    if (closed_) return;
    messages_.push_back(std::move(message));
    Pump();
  }
  void SendPixels(uint64_t job_id, RenderedPage page) override {
    if (closed_) return;
    pixels_.push_back({.job_id = job_id, .page = std::move(page)});
    Pump();
  }
  void DropPixels(uint64_t job_id) override {
    std::erase_if(pixels_, [&](const Pixels& pixels) { return pixels.job_id == job_id; });
  }
  void Close(const absl::Status& status) override {
    if (closed_) return;
    closed_ = true;
    messages_.clear();
    pixels_.clear();
    if (!id_.empty()) {
      spdlog::info("worker {} detached{}{}", id_, status.ok() ? "" : ": ",
                   std::string(status.message()));
    }
    Finish(ToGrpc(status));
  }

 private:
  struct Pixels {
    uint64_t job_id = 0;
    RenderedPage page;
    uint64_t sent = 0;
  };

  void Begin() {
    alive_ = std::make_shared<bool>(true);
    const auto deadline =
        EventLoop::Clock::now() + std::chrono::duration_cast<EventLoop::Clock::duration>(
                                      std::chrono::duration<double>(parts_.limits.hello_seconds));
    parts_.loop.PostAt(deadline, [this, alive = std::weak_ptr<bool>(alive_)] {
      if (alive.expired() || !id_.empty()) return;
      Close(absl::DeadlineExceededError(
          absl::StrCat("no WorkerHello came for ", parts_.limits.hello_seconds, " s")));
    });
  }

  void OnRead(bool ok) {
    if (!ok) return End(absl::OkStatus());
    if (closed_) return;
    if (id_.empty()) {
      if (absl::Status status = Greet(); !status.ok()) {
        spdlog::warn("a worker from {} was refused: {}", context_.peer(),
                     std::string(status.message()));
        return Close(status);
      }
    } else {
      parts_.registry.OnMessage(id_, std::move(incoming_));
    }
    if (closed_) return;
    incoming_.Clear();
    StartRead(&incoming_);
  }

  absl::Status CheckToken() const {
    if (is_local_ || parts_.tokens == nullptr) return absl::OkStatus();
    return parts_.tokens->Find(AuthorizationOf(context_)).status();
  }

  absl::Status Greet() {
    QUIRE_RETURN_IF_ERROR(CheckToken());
    if (!incoming_.has_hello()) {
      return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_HELLO",
                       "the first message of a worker must be WorkerHello");
    }
    const wire::WorkerHello& hello = incoming_.hello();
    QUIRE_RETURN_IF_ERROR(CheckHello(hello));
    QUIRE_RETURN_IF_ERROR(parts_.registry.Attach(hello, *this, is_local_));
    id_ = hello.worker_id();
    spdlog::info("worker {} attached: {} with {} slots on {} ({}), loaded in {:.2f} s", id_,
                 hello.model().key(), hello.slots(), hello.device(), hello.dtype(),
                 hello.load_seconds());
    return absl::OkStatus();
  }

  // The stream is over, from the worker's side.
  void End(const absl::Status& status) {
    if (closed_) return;
    if (!id_.empty()) parts_.registry.Detach(id_, *this);  // calls Close()
    Close(status);
  }

  void OnWritten(bool ok) {
    writing_ = false;
    if (ok && !closed_) Pump();  // a broken stream is heard of by OnRead too
  }

  // Starts the next write: messages before pixels, so that a cancel overtakes them.
  void Pump() {
    if (writing_ || closed_) return;
    if (!messages_.empty()) {
      outgoing_ = std::move(messages_.front());
      messages_.pop_front();
    } else if (!pixels_.empty()) {
      Pixels& next = pixels_.front();
      const uint64_t bytes = std::min(kPixelChunkBytes, next.page.pixels.bytes() - next.sent);
      outgoing_.Clear();
      outgoing_.mutable_pixels()->set_job_id(next.job_id);
      outgoing_.mutable_pixels()->set_data(next.page.pixels.data() + next.sent, bytes);
      next.sent += bytes;
      if (next.sent == next.page.pixels.bytes()) pixels_.pop_front();
    } else {
      return;
    }
    writing_ = true;
    StartWrite(&outgoing_);
  }

  const AttachParts& parts_;
  const grpc::CallbackServerContext& context_;
  const bool is_local_;
  std::shared_ptr<bool> alive_;  // sole owner; timers look whether it is still there
  std::string id_;               // set once the worker is attached
  bool closed_ = false;
  bool writing_ = false;
  wire::AttachRequest incoming_;
  wire::AttachResponse outgoing_;
  std::deque<wire::AttachResponse> messages_;
  std::deque<Pixels> pixels_;
};

}  // namespace

grpc::ServerBidiReactor<wire::AttachRequest, wire::AttachResponse>* AttachService::Attach(
    grpc::CallbackServerContext* context) {
  return new WorkerStream(parts_, context);
}

}  // namespace quire::server
