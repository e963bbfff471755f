#include "server/recognize_call.h"

#include <memory>
#include <utility>

#include "proto/grpc_status.h"
#include "server/trace_context.h"

namespace quire::server {
namespace {

using quire::v1::RecognizeRequest;
using quire::v1::RecognizeResponse;

// Carries one stream to a Recognition. Reactions post to the loop; what follows Finish() is ignored
// by the recognition.
class RecognizeCall final : public grpc::ServerBidiReactor<RecognizeRequest, RecognizeResponse>,
                            public RecognitionStream {
 public:
  RecognizeCall(const CallParts& parts, Caller caller, grpc::CallbackServerContext* context)
      : parts_(parts), context_(*context) {
    parts_.loop.Post([this, caller = std::move(caller), traceparent = ContinueTrace(*context)] {
      recognition_ = std::make_shared<Recognition>(parts_.recognition, caller, traceparent, *this);
      parts_.open.insert(recognition_.get());
      recognition_->Start();
    });
  }
  ~RecognizeCall() override { parts_.open.erase(recognition_.get()); }

  void OnReadDone(bool ok) override {
    // A stream that breaks ends its reads too: that is no half-close.
    const bool broken = !ok && context_.IsCancelled();
    parts_.loop.Post([this, ok, broken] {
      if (ok) {
        recognition_->OnMessage(std::move(request_));
      } else if (broken) {
        recognition_->OnCancelled();
      } else {
        recognition_->OnHalfClose();
      }
    });
  }
  void OnWriteDone(bool ok) override {
    parts_.loop.Post([this, ok] { recognition_->OnWritten(ok); });
  }
  void OnCancel() override {
    parts_.loop.Post([this] { recognition_->OnCancelled(); });
  }
  void OnDone() override {
    parts_.loop.Post([this] { delete this; });
  }

  void Read() override {
    request_.Clear();
    StartRead(&request_);
  }
  void Write(RecognizeResponse response) override {
    response_ = std::move(response);
    StartWrite(&response_);
  }
  void Finish(const absl::Status& status, bool abandon) override {
    if (abandon) context_.TryCancel();
    ServerBidiReactor::Finish(ToGrpc(status));
  }

 private:
  const CallParts& parts_;
  grpc::CallbackServerContext& context_;
  RecognizeRequest request_;
  RecognizeResponse response_;
  std::shared_ptr<Recognition> recognition_;  // second owners: its callbacks, while they run
};

}  // namespace

grpc::ServerBidiReactor<RecognizeRequest, RecognizeResponse>* NewRecognizeCall(
    const CallParts& parts, Caller caller, grpc::CallbackServerContext* context) {
  return new RecognizeCall(parts, std::move(caller), context);
}

}  // namespace quire::server
