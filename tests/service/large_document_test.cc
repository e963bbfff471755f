// The largest document that is taken by default: 500 MB, 3,000 pages.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/service/running_service.h"
#include "tests/support/pdf_maker.h"

namespace quire {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kPages = 3000;
constexpr size_t kBytes = 500'000'000;  // --max-document-megabytes
constexpr size_t kSlack = 1'000'000;    // lengths and offsets have more digits in a padded file
constexpr double kMostFrontBytes = 256 << 20;
constexpr double kMostFirstPageRatio = 1.2;

std::string LargePdf() {
  std::vector<MadePage> pages(kPages);
  for (int i = 0; i < kPages; ++i) pages[i].code = i + 1;
  const int padding = static_cast<int>((kBytes - kSlack - MakePdf(pages).size()) / kPages);
  for (MadePage& page : pages) page.padding_bytes = padding;
  return MakePdf(pages);
}

// The largest resident memory that a process ever had, shared memory and mapped files included.
double PeakResidentBytes(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/status"));
  double kibibytes = -1;
  for (std::string line; std::getline(file, line);) {
    if (std::sscanf(line.c_str(), "VmHWM: %lf kB", &kibibytes) == 1) return kibibytes * 1024;
  }
  return -1;
}

// Seconds from half-close to the end of the first page: the middle one of three readings, of the
// first page alone, since the others would take no less long for either document.
double FirstPageSeconds(RunningService& service, const std::string& document) {
  quire::v1::RecognizeOptions options;
  options.set_page_ranges("1");
  std::vector<double> seconds;
  for (int run = 0; run < 3; ++run) {
    const Recognised read = Recognise(service.stub(), document, options);
    EXPECT_TRUE(read.summary.has_value()) << read.status.error_message();
    if (read.summary.has_value()) seconds.push_back(read.summary->first_page_seconds());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds.size() == 3 ? seconds[1] : -1;
}

std::unique_ptr<RunningService> Started(int delay_ms) {
  auto started =
      RunningService::Start({.environment = {absl::StrCat("QUIRE_FAKE_DELAY_MS=", delay_ms)}});
  EXPECT_TRUE(started.ok()) << started.status();
  return started.ok() ? *std::move(started) : nullptr;
}

TEST(LargeDocument, IsReadToItsEndInBoundedMemoryOfTheFront) {
  const std::string document = LargePdf();
  ASSERT_GT(document.size(), kBytes - 2 * kSlack);
  ASSERT_LE(document.size(), kBytes);
  const auto service = Started(/*delay_ms=*/1);
  ASSERT_NE(service, nullptr);

  const Recognised read = Recognise(service->stub(), document);

  ASSERT_TRUE(read.status.ok()) << read.status.error_message();
  EXPECT_THAT(read.NotOnce(kPages), IsEmpty());
  EXPECT_THAT(read.results, SizeIs(kPages));
  const double peak = PeakResidentBytes(service->pid());
  std::printf("front's peak resident memory: %.1f MiB\n", peak / (1 << 20));
  EXPECT_GT(peak, 0);
  EXPECT_LE(peak, kMostFrontBytes);
}

// A page of 200 ms, as a fast device takes: what comes before it must not grow with the document.
TEST(LargeDocument, GivesItsFirstPageAsSoonAsADocumentOfOnePage) {
  const auto service = Started(/*delay_ms=*/200);
  ASSERT_NE(service, nullptr);

  const double alone = FirstPageSeconds(*service, MakePdf(1));
  const double first = FirstPageSeconds(*service, LargePdf());

  std::printf("first page of 1: %.0f ms, of %d: %.0f ms\n", alone * 1000, kPages, first * 1000);
  EXPECT_GT(alone, 0.2);
  EXPECT_LE(first, alone * kMostFirstPageRatio);
}

}  // namespace
}  // namespace quire
