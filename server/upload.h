#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "quire/v1/ocr.pb.h"

namespace quire::server {

// The order of an upload's messages: options first and once, then chunks. Pure. Errors are
// InvalidArgument, with the reason that stands beside each.
class Upload {
 public:
  // Checks the next message: OPTIONS_FIRST, OPTIONS_TWICE, EMPTY_MESSAGE, CHUNK_TOO_LARGE.
  absl::Status Accept(const quire::v1::RecognizeRequest& request);
  // Checks the half-close: OPTIONS_FIRST, EMPTY_DOCUMENT.
  absl::Status End() const;

  int64_t bytes() const { return bytes_; }

 private:
  bool has_options_ = false;
  int64_t bytes_ = 0;
};

}  // namespace quire::server
