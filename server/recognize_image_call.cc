#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/grpc_status.h"
#include "proto/rich_status.h"
#include "server/recognize_call.h"
#include "server/trace_context.h"

namespace quire::server {
namespace {

constexpr size_t kMaxImageBytes = 3 << 20;
constexpr size_t kChunkBytes = 1 << 20;
constexpr int kMaxPagesInPrompt = 8;

// Plays the client of a Recognition: sends the options and the image's bytes, keeps the one page.
class RecognizeImageCall final : public grpc::ServerUnaryReactor, public RecognitionStream {
 public:
  RecognizeImageCall(const CallParts& parts, Caller caller, std::string traceparent,
                     const quire::v1::RecognizeImageRequest& request,
                     quire::v1::RecognizeImageResponse& response)
      : parts_(parts),
        caller_(std::move(caller)),
        traceparent_(std::move(traceparent)),
        request_(request),
        response_(response) {
    parts_.loop.Post([this] { Begin(); });
  }
  ~RecognizeImageCall() override {
    if (recognition_ != nullptr) parts_.open.erase(recognition_.get());
  }

  void OnCancel() override {
    parts_.loop.Post([this] {
      if (recognition_ != nullptr) recognition_->OnCancelled();
    });
  }
  void OnDone() override {
    parts_.loop.Post([this] { delete this; });
  }

  void Read() override {
    parts_.loop.Post([this] { SendNext(); });
  }
  void Write(quire::v1::RecognizeResponse response) override {
    if (response.has_page_result()) {
      *response_.mutable_page() = std::move(*response.mutable_page_result());
    } else if (response.has_page_failed()) {
      failure_ = FromProto(response.page_failed().status());
    }
    parts_.loop.Post([this] { recognition_->OnWritten(true); });
  }
  void Finish(const absl::Status& status, bool /*abandon*/) override {
    ServerUnaryReactor::Finish(ToGrpc(status.ok() ? failure_ : status));
  }

 private:
  absl::Status CheckRequest() const {
    if (request_.image().size() > kMaxImageBytes) {
      return MakeError(absl::StatusCode::kInvalidArgument, "DOCUMENT_TOO_LARGE",
                       absl::StrCat("the image has ", request_.image().size(),
                                    " bytes, RecognizeImage takes at most ", kMaxImageBytes,
                                    "; send it with Recognize"));
    }
    const int pages = request_.pages_in_prompt();
    if (pages < 0 || pages > kMaxPagesInPrompt) {
      return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_OPTION",
                       absl::StrCat("pages_in_prompt is ", pages, "; give 1 to ", kMaxPagesInPrompt,
                                    ", or 0 for 1"));
    }
    if (pages > 1 && (request_.options().orient() == quire::v1::ORIENT_AUTO ||
                      request_.options().text_layer() > quire::v1::TEXT_LAYER_IGNORE)) {
      return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_OPTION",
                       absl::StrCat("pages_in_prompt is ", pages,
                                    ": orient AUTO and text_layer USE "
                                    "or COMPARE are for one page; leave them out"));
    }
    return absl::OkStatus();
  }

  void Begin() {
    if (const absl::Status good = CheckRequest(); !good.ok()) return Finish(good, false);
    recognition_ = std::make_shared<Recognition>(parts_.recognition, caller_, traceparent_, *this,
                                                 request_.pages_in_prompt() > 1);
    parts_.open.insert(recognition_.get());
    recognition_->Start();
  }

  void SendNext() {
    quire::v1::RecognizeRequest next;
    if (!options_sent_) {
      options_sent_ = true;
      quire::v1::RecognizeOptions& options = *next.mutable_options();
      options = request_.options();
      options.set_page_ranges(
          request_.pages_in_prompt() > 1 ? absl::StrCat("1-", request_.pages_in_prompt()) : "1");
      options.set_ordered(false);
      options.set_stream_text(false);
      options.set_include_page_image(false);
      options.set_include_uncleaned_image(false);
    } else if (sent_bytes_ < request_.image().size()) {
      next.set_chunk(request_.image().substr(sent_bytes_, kChunkBytes));
      sent_bytes_ += next.chunk().size();
    } else {
      return recognition_->OnHalfClose();
    }
    recognition_->OnMessage(std::move(next));
  }

  const CallParts& parts_;
  const Caller caller_;
  const std::string traceparent_;
  const quire::v1::RecognizeImageRequest& request_;  // gRPC keeps both until OnDone
  quire::v1::RecognizeImageResponse& response_;
  std::shared_ptr<Recognition> recognition_;  // second owners: its callbacks, while they run
  absl::Status failure_;
  bool options_sent_ = false;
  size_t sent_bytes_ = 0;
};

}  // namespace

grpc::ServerUnaryReactor* NewRecognizeImageCall(const CallParts& parts, Caller caller,
                                                const grpc::CallbackServerContext& context,
                                                const quire::v1::RecognizeImageRequest& request,
                                                quire::v1::RecognizeImageResponse* response) {
  return new RecognizeImageCall(parts, std::move(caller), ContinueTrace(context), request,
                                *response);
}

}  // namespace quire::server
