#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace quire {

// Two hosts and the wire between them. The thread that makes them stands on the first host until they
// go, with all that it starts meanwhile; the second one is a network namespace for others. Packets of
// one direction or of both can be lost on the wire, unseen by either end. One thread at a time.
class TwoHosts {
 public:
  // Unavailable, saying why, where this process may make no network (it takes root) or there is no
  // `ip` program.
  static absl::StatusOr<std::unique_ptr<TwoHosts>> Make();
  ~TwoHosts();

  static constexpr char kFirstAddress[] = "10.77.0.1";
  static constexpr char kSecondAddress[] = "10.77.0.2";

  enum class Direction { kToFirst, kToSecond };
  // False when the wire could not be changed.
  bool Lose(Direction direction);
  bool Carry(Direction direction);

  // Descriptor of the second host's network, for setns(); owned by this.
  int second_network() const { return second_; }

 private:
  TwoHosts() = default;
  // Packets to this address of the wire go to this link address from now on.
  bool Send(const std::string& address, const std::string& mac);

  int before_ = -1;  // the thread's network until then
  int second_ = -1;
};

}  // namespace quire
