#include "tests/torture/small_disk.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace quire {

SmallDisk::SmallDisk(std::string folder) : folder_(std::move(folder)) {
  mkdir(folder_.c_str(), 0700);
  mounted_ = mount("quire-torture", folder_.c_str(), "tmpfs", 0,
                   absl::StrCat("size=", kBytes).c_str()) == 0;
}

SmallDisk::~SmallDisk() {
  if (mounted_) umount2(folder_.c_str(), MNT_DETACH);
}

void SmallDisk::Fill() {
  if (!mounted_) return;
  const int fd = open((folder_ + "/filler").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::vector<char> block(1 << 16);
  while (fd >= 0 && write(fd, block.data(), block.size()) > 0) {
  }
  if (fd >= 0) close(fd);
}

void SmallDisk::Empty() { unlink((folder_ + "/filler").c_str()); }

}  // namespace quire
