#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace quire::render {

// One message: a 4-byte little-endian length and that many bytes, at most kMaxFrameBytes; a file
// descriptor may come beside the length (SCM_RIGHTS).
struct Frame {
  std::string bytes;
  int fd = -1;  // the receiver's to close
};
inline constexpr uint32_t kMaxFrameBytes = 64 << 20;

// Waits for the next frame. OutOfRange at the end of the stream; Internal when it breaks off or a
// length is over the limit.
absl::StatusOr<Frame> ReadFrame(int socket);
absl::Status WriteFrame(int socket, const std::string& bytes);

}  // namespace quire::render
