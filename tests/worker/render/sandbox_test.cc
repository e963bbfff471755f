#include "worker/render/sandbox.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>

namespace quire::render {
namespace {

constexpr int kFailed = 99;
constexpr int64_t kMemory = int64_t{256} << 20;

// What a process that locks itself in and then does `act` ends with, as waitpid() tells.
int EndOf(const std::function<int()>& act) {
  const pid_t child = fork();
  if (child == 0) {
    const auto missing = EnterSandbox({.memory_bytes = kMemory});
    if (!missing.ok() || !missing->empty()) _exit(kFailed);
    _exit(act());
  }
  int state = 0;
  waitpid(child, &state, 0);
  return state;
}

bool EndedWith(int state, int code) { return WIFEXITED(state) && WEXITSTATUS(state) == code; }
bool WasStopped(int state) { return WIFSIGNALED(state) && WTERMSIG(state) == SIGSYS; }

int Opens(const char* path, int flags) {
  const int fd = open(path, flags, 0600);
  return fd >= 0 ? 1 : 0;
}

TEST(Sandbox, LetsFontsBeRead) {
  EXPECT_TRUE(EndedWith(EndOf([] { return Opens("/usr/share/fonts", O_RDONLY | O_DIRECTORY); }), 1));
}

TEST(Sandbox, HidesEverythingElse) {
  for (const char* path : {"/etc/passwd", "/proc/self/environ", "/tmp", "/"}) {
    EXPECT_TRUE(EndedWith(EndOf([path] { return Opens(path, O_RDONLY); }), 0)) << path;
  }
}

TEST(Sandbox, StopsWritersAtOnce) {
  EXPECT_TRUE(WasStopped(EndOf([] { return Opens("/tmp/quire-sandbox-test", O_WRONLY | O_CREAT); })));
  EXPECT_TRUE(WasStopped(EndOf([] { return Opens("/usr/share/fonts/x", O_RDWR); })));
}

TEST(Sandbox, StopsSocketsProcessesAndSignals) {
  EXPECT_TRUE(WasStopped(EndOf([] { return socket(AF_INET, SOCK_DGRAM, 0); })));
  EXPECT_TRUE(WasStopped(EndOf([] { return socket(AF_UNIX, SOCK_STREAM, 0); })));
  EXPECT_TRUE(WasStopped(EndOf([] { return fork() == 0 ? 0 : 1; })));
  EXPECT_TRUE(WasStopped(EndOf([] { return execl("/bin/true", "true", nullptr); })));
  EXPECT_TRUE(WasStopped(EndOf([] { return kill(getppid(), 0); })));
  EXPECT_TRUE(WasStopped(EndOf([] { return unlink("/tmp/quire-sandbox-test"); })));
}

TEST(Sandbox, LetsTheProcessEndItself) {
  const int state = EndOf([]() -> int { std::abort(); });
  EXPECT_TRUE(WIFSIGNALED(state) && WTERMSIG(state) == SIGABRT);
}

#ifndef QUIRE_SANITIZED
TEST(Sandbox, LimitsMemory) {
  const auto can_map = [](int64_t bytes) {
    return [bytes] {
      void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      return data == MAP_FAILED ? 0 : 1;
    };
  };
  EXPECT_TRUE(EndedWith(EndOf(can_map(kMemory / 2)), 1));
  EXPECT_TRUE(EndedWith(EndOf(can_map(2 * kMemory)), 0));
  EXPECT_TRUE(EndedWith(EndOf(can_map(int64_t{8} << 30)), 0));
}
#endif

}  // namespace
}  // namespace quire::render
