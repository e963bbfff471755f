#pragma once

#include <grpcpp/grpcpp.h>

#include "server/ocr_service.h"

namespace quire::server {

// The reactor of one Recognize call. Deletes itself after OnDone.
grpc::ServerBidiReactor<quire::v1::RecognizeRequest, quire::v1::RecognizeResponse>*
NewRecognizeCall(const CallParts& parts, Caller caller, grpc::CallbackServerContext* context);

// The reactor of one RecognizeImage call: the same path, fed from one message.
grpc::ServerUnaryReactor* NewRecognizeImageCall(const CallParts& parts, Caller caller,
                                                const grpc::CallbackServerContext& context,
                                                const quire::v1::RecognizeImageRequest& request,
                                                quire::v1::RecognizeImageResponse* response);

// The reactor of one WatchStatus call.
grpc::ServerWriteReactor<quire::v1::WatchStatusResponse>* NewWatchStatusCall(
    const CallParts& parts, double interval_seconds);

}  // namespace quire::server
