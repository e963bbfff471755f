#include "client/evaluate/machine.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/page_format.h"

namespace quire::client {
namespace {

std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    if (line.rfind("model name", 0) == 0 && line.find(':') != std::string::npos) {
      return Printable(line.substr(line.find(':') + 2));
    }
  }
  return "";
}

}  // namespace

std::string DescribeMachine() {
  std::string text = ProcessorName();
  if (!text.empty()) text += ", ";
  absl::StrAppend(&text, std::thread::hardware_concurrency(), " cores");
  const double bytes =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  if (bytes > 0) absl::StrAppendFormat(&text, ", %.1f GB", bytes / 1e9);
  utsname system = {};
  if (uname(&system) == 0) {
    absl::StrAppend(&text, ", ", system.sysname, " ", system.release, " ", system.machine);
  }
  return text;
}

}  // namespace quire::client
