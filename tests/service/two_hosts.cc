#include "tests/service/two_hosts.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/status.h"
#include "server/child_process.h"

namespace quire {
namespace {

constexpr char kIp[] = "/usr/sbin/ip";
constexpr char kOwnNetwork[] = "/proc/thread-self/ns/net";
constexpr char kFirstMac[] = "02:00:00:00:00:01";
constexpr char kSecondMac[] = "02:00:00:00:00:02";
// What is sent there is dropped by the host that gets it. Needs no packet filter in the kernel.
constexpr char kNobodysMac[] = "02:00:00:00:00:99";

int OpenOwnNetwork() { return open(kOwnNetwork, O_RDONLY | O_CLOEXEC); }

// Runs `ip` with these words in this thread's network.
absl::Status Ip(const std::string& words) {
  QUIRE_ASSIGN_OR_RETURN(server::ChildProcess ip,
                         server::ChildProcess::Start(
                             {.program = kIp, .arguments = absl::StrSplit(words, ' ')}));
  const std::optional<server::ExitState> end =
      ip.WaitUntil(std::chrono::steady_clock::now() + std::chrono::seconds(10));
  if (end.has_value() && end->code == 0 && end->signal == 0) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("ip ", words, ": ", end.has_value() ? end->Describe() : "no end after 10 s"));
}

// The same in another network.
absl::Status IpIn(int network, const std::string& words) {
  absl::Status status;
  std::thread([&] {
    status = setns(network, CLONE_NEWNET) == 0 ? Ip(words)
                                               : absl::UnavailableError(std::strerror(errno));
  }).join();
  return status;
}

int MakeNetwork() {
  int network = -1;
  std::thread([&] {
    if (unshare(CLONE_NEWNET) == 0) network = OpenOwnNetwork();
  }).join();
  return network;
}

// Ends of the wire are "first" and "second"; each knows the other's link address for good.
absl::Status Lay(int second) {
  QUIRE_RETURN_IF_ERROR(Ip("link set lo up"));
  QUIRE_RETURN_IF_ERROR(Ip(absl::StrCat("link add first address ", kFirstMac,
                                        " type veth peer name second address ", kSecondMac,
                                        " netns /proc/", getpid(), "/fd/", second)));
  QUIRE_RETURN_IF_ERROR(Ip(absl::StrCat("addr add ", TwoHosts::kFirstAddress, "/30 dev first")));
  QUIRE_RETURN_IF_ERROR(Ip("link set first up"));
  QUIRE_RETURN_IF_ERROR(IpIn(second, "link set lo up"));
  QUIRE_RETURN_IF_ERROR(
      IpIn(second, absl::StrCat("addr add ", TwoHosts::kSecondAddress, "/30 dev second")));
  return IpIn(second, "link set second up");
}

}  // namespace

absl::StatusOr<std::unique_ptr<TwoHosts>> TwoHosts::Make() {
  if (access(kIp, X_OK) != 0) {
    return absl::UnavailableError(absl::StrCat("there is no ", kIp, " (package iproute2)"));
  }
  std::unique_ptr<TwoHosts> hosts(new TwoHosts);  // its constructor is private
  hosts->before_ = OpenOwnNetwork();
  if (hosts->before_ < 0 || unshare(CLONE_NEWNET) != 0) {
    return absl::UnavailableError(
        absl::StrCat("this process may make no network of its own: ", std::strerror(errno)));
  }
  hosts->second_ = MakeNetwork();
  if (hosts->second_ < 0) return absl::UnavailableError("there is no second network");
  QUIRE_RETURN_IF_ERROR(Lay(hosts->second_));
  if (!hosts->Carry(Direction::kToFirst) || !hosts->Carry(Direction::kToSecond)) {
    return absl::UnavailableError("the hosts do not learn each other's link address");
  }
  return hosts;
}

TwoHosts::~TwoHosts() {
  if (second_ >= 0) close(second_);
  if (before_ < 0) return;
  (void)!setns(before_, CLONE_NEWNET);
  close(before_);
}

bool TwoHosts::Lose(Direction direction) {
  return direction == Direction::kToFirst ? Send(kFirstAddress, kNobodysMac)
                                          : Send(kSecondAddress, kNobodysMac);
}

bool TwoHosts::Carry(Direction direction) {
  return direction == Direction::kToFirst ? Send(kFirstAddress, kFirstMac)
                                          : Send(kSecondAddress, kSecondMac);
}

bool TwoHosts::Send(const std::string& address, const std::string& mac) {
  const bool to_first = address == kFirstAddress;
  const std::string words = absl::StrCat("neigh replace ", address, " lladdr ", mac, " dev ",
                                         to_first ? "second" : "first", " nud permanent");
  return (to_first ? IpIn(second_, words) : Ip(words)).ok();
}

}  // namespace quire
