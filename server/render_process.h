#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "quire/render/v1/render.pb.h"
#include "server/arena.h"
#include "server/child_process.h"

namespace quire::server {

struct RenderProcessOptions {
  std::string program;       // path of quire-render
  int64_t memory_bytes = 0;  // that it may use
  std::string sandbox = "auto";
  int stop_fd = -1;          // ends every Call() once it is readable; outlives the process
};

// One quire-render child and the socket to it: one request, one reply, in turn. Belongs to the thread
// that started it (see ChildProcess).
class RenderProcess {
 public:
  using Clock = std::chrono::steady_clock;

  // Starts it, shares `arena` with it and waits until it answers. ChildProcess::Start's errors, or
  // Unavailable when it ends or says nothing in time.
  static absl::StatusOr<std::unique_ptr<RenderProcess>> Start(const RenderProcessOptions& options,
                                                              const Arena& arena,
                                                              Clock::time_point deadline);
  ~RenderProcess();
  RenderProcess(const RenderProcess&) = delete;
  RenderProcess& operator=(const RenderProcess&) = delete;

  // Sends `request`, and `fd` with it unless that is -1, and waits for the reply. After an error the
  // process is dead and reaped: DeadlineExceeded (it was killed), Unavailable ("the renderer died
  // (signal 11 (Segmentation fault))", or sent what is no reply), Cancelled (stop_fd).
  absl::StatusOr<quire::render::v1::RenderReply> Call(
      const quire::render::v1::RenderRequest& request, int fd, Clock::time_point deadline);
  // Ends it because it broke the protocol, as `what` says.
  absl::Status Reject(std::string_view what);
  // False once it has ended, by itself or in Call().
  bool IsRunning();

 private:
  RenderProcess() = default;
  absl::Status Send(std::string_view frame, int fd, Clock::time_point deadline);
  absl::Status Receive(char* bytes, size_t count, Clock::time_point deadline);
  absl::Status WaitFor(short events, Clock::time_point deadline);
  absl::Status Died();

  ChildProcess child_;
  int socket_ = -1;
  int stop_fd_ = -1;
};

}  // namespace quire::server
