#include "worker/render/frame_io.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "proto/status.h"

namespace quire::render {
namespace {

constexpr size_t kPrefixBytes = 4;

absl::Status Broken() { return absl::InternalError("the front's socket broke off"); }

// Reads some of the length prefix and a descriptor that comes with it. 0 at the end of the stream.
ssize_t ReadWithDescriptor(int socket, char* out, size_t bytes, int& fd) {
  iovec part{out, bytes};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n;
  do {
    n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  for (cmsghdr* header = n > 0 ? CMSG_FIRSTHDR(&message) : nullptr; header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    if (fd >= 0) close(fd);
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  }
  return n;
}

absl::Status ReadAll(int socket, char* out, size_t bytes) {
  while (bytes > 0) {
    const ssize_t n = read(socket, out, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Broken();
    out += n;
    bytes -= static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

absl::Status WriteAll(int socket, const char* bytes, size_t count) {
  while (count > 0) {
    const ssize_t n = write(socket, bytes, count);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Broken();
    bytes += n;
    count -= static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Frame> ReadFrame(int socket) {
  Frame frame;
  char prefix[kPrefixBytes];
  const ssize_t first = ReadWithDescriptor(socket, prefix, kPrefixBytes, frame.fd);
  if (first == 0) return absl::OutOfRangeError("the end");
  if (first < 0) return Broken();
  QUIRE_RETURN_IF_ERROR(ReadAll(socket, prefix + first, kPrefixBytes - first));
  uint32_t bytes = 0;
  for (size_t i = 0; i < kPrefixBytes; ++i) {
    bytes |= static_cast<uint32_t>(static_cast<uint8_t>(prefix[i])) << (8 * i);
  }
  if (bytes > kMaxFrameBytes) return absl::InternalError("a frame is too large");
  frame.bytes.resize(bytes);
  QUIRE_RETURN_IF_ERROR(ReadAll(socket, frame.bytes.data(), bytes));
  return frame;
}

absl::Status WriteFrame(int socket, const std::string& bytes) {
  char prefix[kPrefixBytes];
  for (size_t i = 0; i < kPrefixBytes; ++i) prefix[i] = static_cast<char>(bytes.size() >> (8 * i));
  QUIRE_RETURN_IF_ERROR(WriteAll(socket, prefix, kPrefixBytes));
  return WriteAll(socket, bytes.data(), bytes.size());
}

}  // namespace quire::render
