#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/interrupt.h"

namespace quire::client {

// A quire-server for the length of one call: it listens on a socket in a temporary folder, serves
// no metrics and is stopped with SIGTERM (after 15 s SIGKILL) by the destructor. It stands in a
// process group of its own, so that Ctrl-C cancels the document first. What it prints goes to a
// file in the folder, whose end is shown when it does not start.
class LocalServer {
 public:
  // Starts it and waits until it can read pages.
  //   program  path of quire-server
  //   model    key or folder for --model; the server's default when empty
  //   more     further arguments
  // Unavailable when it cannot be started, ends too early or takes over 10 min; InterruptedError.
  static absl::StatusOr<std::unique_ptr<LocalServer>> Start(const std::string& program,
                                                            const std::string& model,
                                                            const Interrupt& interrupt,
                                                            std::vector<std::string> more = {});
  ~LocalServer();
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

  // "unix:/..."
  std::string address() const { return "unix:" + folder_ + "/quire.sock"; }
  // Its process while it runs; -1 once it was seen to have ended.
  pid_t pid() const { return pid_; }

 private:
  LocalServer() = default;
  absl::Status Launch(const std::string& program, const std::string& model,
                      const std::vector<std::string>& more);
  absl::Status WaitUntilReady(const Interrupt& interrupt);
  // Reaps it if it has ended.
  bool HasEnded();
  std::string LogPath() const { return folder_ + "/quire-server.log"; }
  std::string ReadyPath() const { return folder_ + "/ready"; }

  std::string folder_;
  pid_t pid_ = -1;
  int wait_status_ = 0;  // of waitpid, once it has ended
};

// The path of quire-server beside this program, if it is there; else its bare name, to be looked
// for in PATH.
std::string FindServerProgram();

// The folder that this program lies in; empty when the system does not tell.
std::string OwnFolder();

}  // namespace quire::client
