#include "client/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_format.h"
#include "client/page_format.h"
#include "client/summary.h"

namespace quire::client {
namespace {

constexpr int kNameCharacters = 30;
constexpr auto kBetweenDrawings = std::chrono::milliseconds(100);

int TerminalColumns() {
  winsize size = {};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

void WriteToStderr(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

std::string FormatProgress(const ProgressState& state, int columns) {
  const std::string_view path = state.name;
  const std::string_view file_name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  std::string line = Shorten(Printable(file_name), kNameCharacters);
  if (state.pages_total == 0) {
    const double part = state.document_bytes > 0
                            ? static_cast<double>(state.bytes_sent) / state.document_bytes
                            : 1;
    line += part < 1 ? absl::StrFormat(": %.0f %% sent", 100 * part) : ": sent, being opened";
    return Shorten(line, columns);
  }
  line += absl::StrFormat(": %d of %d pages", state.pages_done, state.pages_total);
  if (state.pages_done == 0 && state.pages_ahead > 0) {
    line += absl::StrFormat(", shares the workers with %d others", state.pages_ahead);
  }
  if (state.pages_done > 0 && state.elapsed_seconds > 0) {
    const double page_seconds = state.elapsed_seconds / state.pages_done;
    line += absl::StrFormat(", %.1f pages a minute", 60 / page_seconds);
    const int left = state.pages_total - state.pages_done;
    if (left > 0) line += ", " + FormatSeconds(std::max(1.0, left * page_seconds)) + " left";
  }
  return Shorten(line, columns);
}

void Progress::StartDocument(std::string_view name, int64_t document_bytes) {
  MutexLock lock(mutex_);
  state_ = {.name = std::string(name), .document_bytes = document_bytes};
  Draw(/*at_once=*/true);
}

void Progress::OnSent(int64_t bytes_sent) {
  MutexLock lock(mutex_);
  state_.bytes_sent = bytes_sent;
  Draw(/*at_once=*/bytes_sent == state_.document_bytes);
}

void Progress::OnOpened(int pages_total, int64_t pages_ahead) {
  MutexLock lock(mutex_);
  state_.pages_ahead = pages_ahead;
  state_.pages_total = pages_total;
  opened_ = std::chrono::steady_clock::now();
  Draw(/*at_once=*/true);
}

void Progress::OnPageDone() {
  MutexLock lock(mutex_);
  ++state_.pages_done;
  Draw(/*at_once=*/true);
}

void Progress::Clear() {
  MutexLock lock(mutex_);
  Erase();
}

void Progress::Say(std::string_view lines) {
  MutexLock lock(mutex_);
  const bool was_on_screen = on_screen_;
  Erase();
  WriteToStderr(lines);
  if (was_on_screen) Draw(/*at_once=*/true);
}

void Progress::Erase() {
  if (on_screen_) WriteToStderr("\r\x1b[K");
  on_screen_ = false;
}

void Progress::Draw(bool at_once) {
  if (!visible_) return;
  const auto now = std::chrono::steady_clock::now();
  if (!at_once && on_screen_ && now - drawn_ < kBetweenDrawings) return;
  state_.elapsed_seconds = std::chrono::duration<double>(now - opened_).count();
  Erase();
  WriteToStderr(FormatProgress(state_, TerminalColumns() - 1));
  on_screen_ = true;
  drawn_ = now;
}

}  // namespace quire::client
