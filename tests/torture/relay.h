#pragma once

#include <list>
#include <memory>
#include <string>
#include <thread>

#include "proto/mutex.h"

namespace quire {

// A link that can lose one direction: connections to address() are carried on to `target` byte by
// byte, until a direction is stopped; what is sent into it then stays where it is, as at a host that is
// there and reads nothing. Thread-safe.
class Relay {
 public:
  enum class Direction { kToTarget, kFromTarget };

  //   target  "host:port" of this machine, or "unix:/path"
  explicit Relay(std::string target);
  ~Relay();

  const std::string& address() const { return address_; }
  // Of all connections, also those that are made later.
  void Stop(Direction direction) { Set(direction, true); }
  void GoOn(Direction direction) { Set(direction, false); }

 private:
  struct Connection {
    int client = -1, target = -1;  // -1 once both directions have ended
    int directions = 2;            // that have not ended
    std::thread to_target, from_target;
  };

  void Set(Direction direction, bool stopped);
  void Accept();
  void Carry(Connection& connection, Direction direction);
  // False when the relay ends.
  bool WaitUntilOpen(Direction direction);

  const std::string target_;
  std::string address_;
  int listening_ = -1;
  Mutex mutex_;
  CondVar changed_;
  bool stopped_[2] ABSL_GUARDED_BY(mutex_) = {false, false};
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::list<Connection> connections_ ABSL_GUARDED_BY(mutex_);
  std::thread accepting_;
};

}  // namespace quire
