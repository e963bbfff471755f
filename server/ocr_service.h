#pragma once

#include "quire/v1/ocr.grpc.pb.h"
#include "server/recognition.h"
#include "server/server_status.h"
#include "server/token_file.h"

namespace quire::server {

// What every call needs; all outlive the calls.
struct CallParts {
  EventLoop& loop;
  const RecognitionParts& recognition;
  const ServerStatus& status;
  OpenRecognitions& open;
  TokenFile* tokens = nullptr;  // asked of every call; null: none
};

// quire.v1.OcrService: puts calls on the loop and what the loop says on the wire. It decides nothing.
class OcrService final : public quire::v1::OcrService::CallbackService {
 public:
  explicit OcrService(const CallParts& parts) : parts_(parts) {}

  grpc::ServerBidiReactor<quire::v1::RecognizeRequest, quire::v1::RecognizeResponse>* Recognize(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* RecognizeImage(grpc::CallbackServerContext* context,
                                           const quire::v1::RecognizeImageRequest* request,
                                           quire::v1::RecognizeImageResponse* response) override;
  grpc::ServerUnaryReactor* GetServerInfo(grpc::CallbackServerContext* context,
                                          const quire::v1::GetServerInfoRequest* request,
                                          quire::v1::GetServerInfoResponse* response) override;
  grpc::ServerWriteReactor<quire::v1::WatchStatusResponse>* WatchStatus(
      grpc::CallbackServerContext* context, const quire::v1::WatchStatusRequest* request) override;

 private:
  absl::StatusOr<Caller> CallerOf(const grpc::CallbackServerContext& context) const;

  const CallParts parts_;
};

}  // namespace quire::server
