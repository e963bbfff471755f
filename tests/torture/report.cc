#include "tests/torture/report.h"

#include <algorithm>
#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"

namespace quire {
namespace {

constexpr int64_t kMostGrowthBytes = 100'000'000;
constexpr double kLeastNanoShare = 0.1;
constexpr double kMinutesForFullDisk = 15;   // of 21 disks that were filled in 20 minutes 4 were met
constexpr double kMinutesForNanoShare = 10;  // a short one beside other tests leaves nano 8 %

double NanoShare(const Counts& counts) {
  const int64_t pages = std::max<int64_t>(1, counts.nano_pages + counts.other_pages);
  return static_cast<double>(counts.nano_pages) / static_cast<double>(pages);
}

void PrintRun(const RunParts& parts, const Books::Balance& balance) {
  const Counts& counts = parts.counts;
  std::printf(
      "seed %u, %.1f minutes, %d clients: %d documents (%d cancelled), %d pages (%.1f %% read by nano)\n"
      "calls %d, broken %d, refused %d, full disk met %d, out of time %d; pages failed %d and documents "
      "failed %d, all asked for again\n",
      parts.settings.seed, parts.settings.minutes, parts.settings.clients, balance.documents,
      balance.forgotten, balance.pages, 100 * NanoShare(counts), counts.calls.load(),
      counts.broken.load(), counts.refused.load(), counts.disk_full.load(), counts.late.load(),
      counts.failed_pages.load(), counts.failed_opens.load());
}

// Returns how many there were.
int PrintFaults(const Faults& faults) {
  int all = 0;
  std::string list;
  for (const auto& [name, times] : faults) {
    all += times;
    absl::StrAppend(&list, list.empty() ? "" : ", ", name, " ", times);
  }
  std::printf("%d faults: %s\n", all, list.c_str());
  return all;
}

// Says which part of what the run was to show it did not show; true when it showed all.
bool ShowedAll(const RunParts& parts, const Ending& ending) {
  const bool enough_nano = parts.nano_texts.empty() ||
                           NanoShare(parts.counts) >= kLeastNanoShare ||
                           parts.settings.minutes < kMinutesForNanoShare;
  if (!enough_nano) std::printf("nano read less than a tenth of the pages\n");
  const auto filled = ending.faults.find(kDiskFilled);
  const bool disk_met = filled == ending.faults.end() || filled->second == 0 ||
                        parts.counts.disk_full > 0 ||
                        parts.settings.minutes < kMinutesForFullDisk;
  if (!disk_met) std::printf("the disk was full %d times and no document met it\n", filled->second);
  return enough_nano && disk_met;
}

}  // namespace

int Report(const RunParts& parts, const Ending& ending) {
  const Books::Balance balance = parts.books.Close();
  PrintRun(parts, balance);
  const int faults = PrintFaults(ending.faults);
  std::printf(
      "unexpected answers %d, unaccounted %d, doubled %d, wrong %d, orphans %d, files left %d, memory "
      "%+.1f MB from mid-run to end\n",
      parts.counts.unexpected.load(), balance.unaccounted, balance.doubled, balance.wrong,
      ending.orphans, ending.left_files, static_cast<double>(ending.memory_growth_bytes) / 1e6);
  const bool balanced = balance.unaccounted == 0 && balance.doubled == 0 && balance.wrong == 0 &&
                        parts.counts.unexpected == 0 && ending.orphans == 0 &&
                        ending.left_files == 0 && ending.memory_growth_bytes <= kMostGrowthBytes &&
                        balance.pages > 0 && faults > 0;
  const bool good = ShowedAll(parts, ending) && balanced;
  std::printf("%s\n", good ? "the books balance" : "THE BOOKS DO NOT BALANCE");
  return good ? 0 : 1;
}

}  // namespace quire
