// What the front itself costs, with the real renderer and a worker that reads no letters:
//   CPU of quire-server a page, for pages of 2,048 px
//   time from half-close to the first page, of 1 page and of 1,000
//   resident memory of all processes after 50 and after 1,000 pages
// Prints one line for each; exits 1 when one is over its limit.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "tests/service/running_service.h"
#include "tests/support/pdf_maker.h"

namespace quire {
namespace {

constexpr int kPages = 1000;

// User and system seconds of a process so far.
double CpuSeconds(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
  std::string text, skipped;
  std::getline(file, text);
  unsigned long user = 0, system = 0;
  std::sscanf(text.c_str() + text.rfind(')') + 1,
              " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
  return static_cast<double>(user + system) / sysconf(_SC_CLK_TCK);
}

double ResidentMegabytes(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/statm"));
  long total = 0, resident = 0;
  file >> total >> resident;
  return static_cast<double>(resident) * sysconf(_SC_PAGESIZE) / 1e6;
}

double AllResidentMegabytes(const RunningService& service) {
  double sum = ResidentMegabytes(service.pid());
  for (const char* program : {"quire-render", "quire-fake-worker"}) {
    for (pid_t pid : service.Children(program)) sum += ResidentMegabytes(pid);
  }
  return sum;
}

std::string A4Pages(int count) {
  std::vector<MadePage> pages(count);
  for (int i = 0; i < count; ++i) {
    pages[i].width_pt = 595;
    pages[i].height_pt = 842;
    pages[i].code = i + 1;
  }
  return MakePdf(pages);
}

// One line; false when the value is over the limit.
bool Report(const char* what, double value, double limit, const char* unit) {
  const bool good = value <= limit;
  std::printf("%-48s %9.2f %-8s limit %7.2f  %s\n", what, value, unit, limit, good ? "ok" : "OVER");
  return good;
}

double MedianFirstPage(RunningService& service, const std::string& document) {
  std::vector<double> seconds;
  for (int run = 0; run < 5; ++run) {
    seconds.push_back(Recognise(service.stub(), document).summary->first_page_seconds());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[2];
}

int Run() {
  auto started = RunningService::Start({.environment = {"QUIRE_FAKE_LONG_SIDE_PX=2048",
                                                        "QUIRE_FAKE_DELAY_MS=4"}});
  if (!started.ok()) {
    std::fprintf(stderr, "%s\n", started.status().ToString().c_str());
    return 2;
  }
  RunningService& service = **started;
  const std::string large = A4Pages(kPages);
  bool good = true;

  Recognise(service.stub(), A4Pages(50));
  const double resident_before = AllResidentMegabytes(service);
  const double cpu_before = CpuSeconds(service.pid());
  const Recognised read = Recognise(service.stub(), large);
  const double cpu = CpuSeconds(service.pid()) - cpu_before;
  if (read.results.size() != kPages) {
    std::fprintf(stderr, "only %zu of %d pages were read: %s\n", read.results.size(), kPages,
                 read.status.error_message().c_str());
    return 2;
  }
  good &= Report("CPU of the front a page of 1,448 x 2,048 px", cpu / kPages * 1000, 10, "ms");
  good &= Report("resident memory, 1,000 pages more than after 50",
                 AllResidentMegabytes(service) - resident_before, 20, "MB");
  std::printf("%-48s %9.2f %-8s\n", "resident memory of all processes", resident_before, "MB");

  auto again = RunningService::Start({.environment = {"QUIRE_FAKE_LONG_SIDE_PX=2048",
                                                      "QUIRE_FAKE_DELAY_MS=200"}});
  if (!again.ok()) return 2;
  const double one = MedianFirstPage(**again, A4Pages(1));
  quire::v1::RecognizeOptions options;
  options.set_page_ranges("1-8");  // the document has 1,000 pages; the rest would only take time
  std::vector<double> first;
  for (int run = 0; run < 5; ++run) {
    first.push_back(Recognise((*again)->stub(), large, options).summary->first_page_seconds());
  }
  std::sort(first.begin(), first.end());
  std::printf("%-48s %9.2f %-8s\n", "first page of 1 page", one * 1000, "ms");
  good &= Report("first page of 1,000 pages, to that of 1 page", first[2] / one, 1.2, "x");
  return good ? 0 : 1;
}

}  // namespace
}  // namespace quire

int main() { return quire::Run(); }
