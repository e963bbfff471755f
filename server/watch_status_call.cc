#include <chrono>
#include <memory>

#include "server/recognize_call.h"

namespace quire::server {
namespace {

// Writes the status now and after each interval, as long as the client takes it.
class WatchStatusCall final : public grpc::ServerWriteReactor<quire::v1::WatchStatusResponse> {
 public:
  WatchStatusCall(const CallParts& parts, double interval_seconds)
      : parts_(parts),
        interval_(interval_seconds == 0 ? 1 : interval_seconds) {
    parts_.loop.Post([this] { Send(); });
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return;  // OnCancel follows
    parts_.loop.Post([this] {
      const auto next = EventLoop::Clock::now() +
                        std::chrono::duration_cast<EventLoop::Clock::duration>(interval_);
      parts_.loop.PostAt(next, [this, alive = std::weak_ptr<bool>(alive_)] {
        if (!alive.expired()) Send();
      });
    });
  }
  void OnCancel() override {
    parts_.loop.Post([this] {
      if (finished_) return;
      finished_ = true;
      Finish(grpc::Status::CANCELLED);
    });
  }
  void OnDone() override {
    parts_.loop.Post([this] { delete this; });
  }

 private:
  void Send() {
    if (finished_) return;
    response_ = parts_.status.Now();
    StartWrite(&response_);
  }

  const CallParts& parts_;
  const std::chrono::duration<double> interval_;
  quire::v1::WatchStatusResponse response_;
  bool finished_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // sole owner; timers look at it
};

}  // namespace

grpc::ServerWriteReactor<quire::v1::WatchStatusResponse>* NewWatchStatusCall(
    const CallParts& parts, double interval_seconds) {
  return new WatchStatusCall(parts, interval_seconds);
}

}  // namespace quire::server
