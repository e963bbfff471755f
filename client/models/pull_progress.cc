#include "client/models/pull_progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_format.h"
#include "client/models/model_facts.h"
#include "client/summary.h"

namespace quire::client {
namespace {

constexpr auto kBetweenDrawings = std::chrono::milliseconds(100);

int TerminalColumns() {
  winsize size = {};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace

std::string FormatPull(uint64_t bytes_done, uint64_t bytes_before, uint64_t bytes_total,
                       double seconds, int columns) {
  const double total = static_cast<double>(bytes_total), done = static_cast<double>(bytes_done);
  std::string line = absl::StrFormat("%s of %s, %.0f %%", FormatBytes(done), FormatBytes(total),
                                     total > 0 ? 100 * done / total : 100);
  const double fetched = done - static_cast<double>(bytes_before);
  if (fetched > 0 && seconds > 0) {
    const double rate = fetched / seconds;
    line += absl::StrFormat(", %s/s", FormatBytes(rate));
    if (done < total) line += ", " + FormatSeconds(std::max(1.0, (total - done) / rate)) + " left";
  }
  return line.substr(0, static_cast<size_t>(std::max(columns, 0)));
}

PullProgress::PullProgress(bool visible, uint64_t bytes_total)
    : visible_(visible), bytes_total_(bytes_total) {}

PullProgress::~PullProgress() {
  MutexLock lock(mutex_);
  Draw(/*at_once=*/true);
  if (visible_) std::fputs("\n", stderr);
}

void PullProgress::OnFound(int64_t bytes) {
  MutexLock lock(mutex_);
  before_ += bytes;
  done_ += bytes;
  Draw(/*at_once=*/false);
}

void PullProgress::OnFetched(int64_t bytes) {
  MutexLock lock(mutex_);
  done_ += bytes;
  Draw(/*at_once=*/false);
}

void PullProgress::Draw(bool at_once) {
  const auto now = std::chrono::steady_clock::now();
  if (!visible_ || (!at_once && now - drawn_ < kBetweenDrawings)) return;
  drawn_ = now;
  const std::chrono::duration<double> seconds = now - begin_;
  std::fprintf(stderr, "\r%s\x1b[K",
               FormatPull(static_cast<uint64_t>(std::max<int64_t>(done_, 0)),
                          static_cast<uint64_t>(std::max<int64_t>(before_, 0)), bytes_total_,
                          seconds.count(), TerminalColumns() - 1)
                   .c_str());
  std::fflush(stderr);
}

}  // namespace quire::client
