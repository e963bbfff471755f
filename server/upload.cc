#include "server/upload.h"

#include "absl/strings/str_cat.h"
#include "proto/rich_status.h"

namespace quire::server {
namespace {

constexpr size_t kMaxChunkBytes = 2 << 20;

absl::Status Invalid(std::string_view reason, std::string_view message) {
  return MakeError(absl::StatusCode::kInvalidArgument, reason, message);
}

absl::Status OptionsFirst() {
  return Invalid("OPTIONS_FIRST",
                 "the first message must carry options (empty ones will do); the document's bytes "
                 "follow in chunks");
}

}  // namespace

absl::Status Upload::Accept(const quire::v1::RecognizeRequest& request) {
  switch (request.payload_case()) {
    case quire::v1::RecognizeRequest::kOptions:
      if (has_options_) {
        return Invalid("OPTIONS_TWICE",
                       "options came a second time; they stand in the first message alone");
      }
      has_options_ = true;
      return absl::OkStatus();
    case quire::v1::RecognizeRequest::kChunk:
      if (!has_options_) return OptionsFirst();
      if (request.chunk().size() > kMaxChunkBytes) {
        return Invalid("CHUNK_TOO_LARGE",
                       absl::StrCat("a chunk has ", request.chunk().size(), " bytes, at most ",
                                    kMaxChunkBytes, " are allowed; send 64 KiB to 1 MiB each"));
      }
      bytes_ += static_cast<int64_t>(request.chunk().size());
      return absl::OkStatus();
    case quire::v1::RecognizeRequest::PAYLOAD_NOT_SET:
      break;
  }
  return Invalid("EMPTY_MESSAGE", "a message carries neither options nor a chunk");
}

absl::Status Upload::End() const {
  if (!has_options_) return OptionsFirst();
  if (bytes_ == 0) {
    return Invalid("EMPTY_DOCUMENT",
                   "the upload ended without a byte of the document; send the file's bytes in "
                   "chunks before half-closing");
  }
  return absl::OkStatus();
}

}  // namespace quire::server
