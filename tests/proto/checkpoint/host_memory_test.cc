#include "proto/checkpoint/host_memory.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace quire {
namespace {

namespace fs = std::filesystem;

// A machine's files in a folder of their own.
class HostMemoryTest : public testing::Test {
 protected:
  HostMemoryTest() { EXPECT_NE(mkdtemp(root_.data()), nullptr); }
  ~HostMemoryTest() override { fs::remove_all(root_); }
  void Write(const std::string& name, const std::string& text) const {
    fs::create_directories(fs::path(root_ + name).parent_path());
    std::ofstream(root_ + name) << text;
  }
  std::string root_ = "/tmp/quire-host-memory-XXXXXX";
};

TEST_F(HostMemoryTest, IsTheMachines) {
  Write("/proc/meminfo", "MemTotal:       1000 kB\nMemFree: 10 kB\nMemAvailable:    600 kB\n");
  Write("/sys/fs/cgroup/memory.max", "max\n");

  const HostMemory memory = ReadHostMemory(root_);

  EXPECT_EQ(memory.total_bytes, 1000 * 1024);
  EXPECT_EQ(memory.available_bytes, 600 * 1024);
}

TEST_F(HostMemoryTest, IsWhatItsControlGroupAllows) {
  Write("/proc/meminfo", "MemTotal:       1000 kB\nMemAvailable:    600 kB\n");
  Write("/sys/fs/cgroup/memory.max", "409600\n");
  Write("/sys/fs/cgroup/memory.current", "307200\n");
  Write("/sys/fs/cgroup/memory.stat", "anon 100000\ninactive_file 100000\nactive_file 2400\n");

  const HostMemory memory = ReadHostMemory(root_);

  EXPECT_EQ(memory.total_bytes, 409600);
  EXPECT_EQ(memory.available_bytes, 409600 - (307200 - 102400));
}

TEST_F(HostMemoryTest, IsNeverMoreThanTheMachines) {
  Write("/proc/meminfo", "MemTotal:       1000 kB\nMemAvailable:    600 kB\n");
  Write("/sys/fs/cgroup/memory.max", "99999999\n");

  EXPECT_EQ(ReadHostMemory(root_).total_bytes, 1000 * 1024);
  EXPECT_EQ(ReadHostMemory(root_).available_bytes, 600 * 1024);
}

TEST_F(HostMemoryTest, IsUnknownWhereNothingTells) {
  EXPECT_EQ(ReadHostMemory(root_).total_bytes, 0);
  EXPECT_EQ(ReadHostMemory(root_).available_bytes, 0);
}

TEST(HostMemory, OfThisMachineIsSomething) {
  EXPECT_GT(ReadHostMemory().available_bytes, 0);
  EXPECT_GE(ReadHostMemory().total_bytes, ReadHostMemory().available_bytes);
}

}  // namespace
}  // namespace quire
