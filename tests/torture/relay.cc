#include "tests/torture/relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace quire {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

// A connected socket, or -1.
int Connect(const std::string& target) {
  const bool is_unix = absl::StartsWith(target, "unix:");
  const int fd = socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int connected = -1;
  if (is_unix) {
    sockaddr_un address{.sun_family = AF_UNIX};
    std::strncpy(address.sun_path, target.c_str() + 5, sizeof(address.sun_path) - 1);
    connected = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address));
  } else {
    int port = 0;
    (void)!absl::SimpleAtoi(target.substr(target.rfind(':') + 1), &port);
    const sockaddr_in address = Loopback(port);
    connected = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  }
  if (connected == 0) return fd;
  close(fd);
  return -1;
}

bool SendAll(int fd, const char* bytes, ssize_t count) {
  while (count > 0) {
    const ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    count -= sent;
  }
  return true;
}

}  // namespace

Relay::Relay(std::string target) : target_(std::move(target)) {
  listening_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  if (bind(listening_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listening_, 64) != 0 ||
      getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::abort();
  }
  address_ = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
  accepting_ = std::thread([this] { Accept(); });
}

Relay::~Relay() {
  {
    MutexLock lock(mutex_);
    ending_ = true;
    changed_.NotifyAll();
    shutdown(listening_, SHUT_RDWR);
    for (const Connection& connection : connections_) {
      shutdown(connection.client, SHUT_RDWR);
      shutdown(connection.target, SHUT_RDWR);
    }
  }
  accepting_.join();
  std::list<Connection> all;
  {
    MutexLock lock(mutex_);
    all.swap(connections_);
  }
  for (Connection& connection : all) {
    connection.to_target.join();
    connection.from_target.join();
  }
  close(listening_);
}

void Relay::Set(Direction direction, bool stopped) {
  MutexLock lock(mutex_);
  stopped_[static_cast<int>(direction)] = stopped;
  changed_.NotifyAll();
}

void Relay::Accept() {
  while (true) {
    const int client = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    const int target = Connect(target_);
    MutexLock lock(mutex_);
    if (target < 0 || ending_) {
      close(client);
      if (target >= 0) close(target);
      continue;
    }
    Connection& connection = connections_.emplace_back();
    connection.client = client;
    connection.target = target;
    connection.to_target =
        std::thread([this, &connection] { Carry(connection, Direction::kToTarget); });
    connection.from_target =
        std::thread([this, &connection] { Carry(connection, Direction::kFromTarget); });
  }
}

bool Relay::WaitUntilOpen(Direction direction) {
  MutexLock lock(mutex_);
  while (stopped_[static_cast<int>(direction)] && !ending_) changed_.Wait(mutex_);
  return !ending_;
}

void Relay::Carry(Connection& connection, Direction direction) {
  int from = -1;
  int to = -1;
  {
    MutexLock lock(mutex_);
    from = connection.client;
    to = connection.target;
    if (direction == Direction::kFromTarget) std::swap(from, to);
  }
  std::vector<char> buffer(64 << 10);
  while (WaitUntilOpen(direction)) {
    const ssize_t got = recv(from, buffer.data(), buffer.size(), 0);
    // What came while the direction was being stopped waits here.
    if (got <= 0 || !WaitUntilOpen(direction) || !SendAll(to, buffer.data(), got)) break;
  }
  shutdown(to, SHUT_WR);
  shutdown(from, SHUT_RD);
  MutexLock lock(mutex_);
  if (--connection.directions > 0) return;
  close(std::exchange(connection.client, -1));
  close(std::exchange(connection.target, -1));
}

}  // namespace quire
