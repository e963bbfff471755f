#include "server/render_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace quire::server {
namespace {

constexpr int kControlFd = 3;
constexpr int kArenaFd = 4;
constexpr size_t kLengthBytes = 4;
constexpr uint32_t kMaxFrameBytes = 64 << 20;
// For a child that closed its socket to end by itself.
constexpr std::chrono::seconds kEndTime{1};

// A frame: 4 bytes of length, little-endian, and the message.
std::string Frame(const quire::render::v1::RenderRequest& request) {
  std::string frame(kLengthBytes, '\0');
  request.AppendToString(&frame);
  const size_t length = frame.size() - kLengthBytes;
  for (size_t i = 0; i < kLengthBytes; ++i) frame[i] = static_cast<char>(length >> (8 * i));
  return frame;
}

uint32_t Length(const std::array<char, kLengthBytes>& prefix) {
  uint32_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    length |= static_cast<uint32_t>(static_cast<uint8_t>(prefix[i])) << (8 * i);
  }
  return length;
}

// Sends what fits, `fd` with its first byte; as sendmsg().
ssize_t SendSome(int socket, std::string_view bytes, int fd) {
  iovec part = {.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd, sizeof(int));
  }
  return sendmsg(socket, &message, MSG_NOSIGNAL);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RenderProcess>> RenderProcess::Start(
    const RenderProcessOptions& options, const Arena& arena, Clock::time_point deadline) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no socket for a renderer: ", std::strerror(errno)));
  }
  std::unique_ptr<RenderProcess> process(new RenderProcess());  // its constructor is private
  process->socket_ = sockets[0];
  process->stop_fd_ = options.stop_fd;
  fcntl(sockets[0], F_SETFL, O_NONBLOCK);
  auto child = ChildProcess::Start(
      {.program = options.program,
       .arguments = {absl::StrCat("--control-fd=", kControlFd), absl::StrCat("--arena-fd=", kArenaFd),
                     absl::StrCat("--memory-mb=", options.memory_bytes >> 20), absl::StrCat("--sandbox=", options.sandbox)},
       .descriptors = {{.parent_fd = sockets[1], .child_fd = kControlFd},
                       {.parent_fd = arena.fd(), .child_fd = kArenaFd}}});
  close(sockets[1]);
  if (!child.ok()) return child.status();
  process->child_ = *std::move(child);
  quire::render::v1::RenderRequest hello;
  hello.mutable_close()->set_document_id(0);  // no document's number
  const auto reply = process->Call(hello, -1, deadline);
  if (absl::IsDeadlineExceeded(reply.status())) {
    return absl::UnavailableError(absl::StrCat(options.program, " did not answer after its start"));
  }
  if (!reply.ok()) {
    return absl::Status(reply.status().code(),
                        absl::StrCat(options.program, ": ", reply.status().message(),
                                     " after its start; run it by hand to see why"));
  }
  return process;
}

RenderProcess::~RenderProcess() {
  if (socket_ >= 0) close(socket_);
}

absl::StatusOr<quire::render::v1::RenderReply> RenderProcess::Call(
    const quire::render::v1::RenderRequest& request, int fd, Clock::time_point deadline) {
  QUIRE_RETURN_IF_ERROR(Send(Frame(request), fd, deadline));
  std::array<char, kLengthBytes> prefix;
  QUIRE_RETURN_IF_ERROR(Receive(prefix.data(), prefix.size(), deadline));
  const uint32_t length = Length(prefix);
  if (length > kMaxFrameBytes) return Reject(absl::StrCat("sent a reply of ", length, " bytes"));
  std::string body(length, '\0');
  QUIRE_RETURN_IF_ERROR(Receive(body.data(), body.size(), deadline));
  quire::render::v1::RenderReply reply;
  if (!reply.ParseFromString(body)) return Reject("sent a reply that cannot be parsed");
  return reply;
}

absl::Status RenderProcess::Reject(std::string_view what) {
  child_.Kill();
  return absl::UnavailableError(
      absl::StrCat("the renderer ", absl::string_view(what.data(), what.size()), " and was killed"));
}

bool RenderProcess::IsRunning() {
  child_.Poll();
  return child_.running();
}

absl::Status RenderProcess::Send(std::string_view frame, int fd, Clock::time_point deadline) {
  while (!frame.empty()) {
    QUIRE_RETURN_IF_ERROR(WaitFor(POLLOUT, deadline));
    const ssize_t sent = SendSome(socket_, frame, fd);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (sent < 0) return Died();
    fd = -1;
    frame.remove_prefix(static_cast<size_t>(sent));
  }
  return absl::OkStatus();
}

absl::Status RenderProcess::Receive(char* bytes, size_t count, Clock::time_point deadline) {
  while (count > 0) {
    QUIRE_RETURN_IF_ERROR(WaitFor(POLLIN, deadline));
    const ssize_t got = recv(socket_, bytes, count, 0);  // descriptors that it may send are dropped
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) return Died();
    bytes += got;
    count -= static_cast<size_t>(got);
  }
  return absl::OkStatus();
}

absl::Status RenderProcess::WaitFor(short events, Clock::time_point deadline) {
  while (true) {
    pollfd ready[] = {{.fd = socket_, .events = events}, {.fd = stop_fd_, .events = POLLIN}};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    const int timeout = static_cast<int>(std::clamp<int64_t>(left.count(), 0, INT_MAX));
    const int count = poll(ready, 2, timeout);
    if (count < 0 && errno == EINTR) continue;
    if (ready[1].revents != 0) {
      child_.Kill();
      return absl::CancelledError("the renderers are being stopped");
    }
    if (count > 0) return absl::OkStatus();
    if (left.count() > 0) continue;
    child_.Kill();
    return absl::DeadlineExceededError("the renderer took too long and was killed");
  }
}

absl::Status RenderProcess::Died() {
  std::optional<ExitState> state = child_.WaitUntil(Clock::now() + kEndTime);
  if (!state.has_value()) state = child_.Kill();
  return absl::UnavailableError(absl::StrCat(
      "the renderer died (", state.has_value() ? state->Describe() : "for an unknown reason", ")"));
}

}  // namespace quire::server
