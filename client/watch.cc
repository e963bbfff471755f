#include "client/watch.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <deque>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/json_format.h"
#include "client/ocr_client.h"
#include "client/page_format.h"
#include "client/status.h"
#include "client/text_sink.h"
#include "client/watch_screen.h"
#include "proto/mutex.h"

namespace quire::client {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kTryAgainSeconds = 2;
constexpr auto kRateWindow = std::chrono::seconds(15);
constexpr auto kResizeTick = std::chrono::milliseconds(200);

constexpr char kEnterScreen[] = "\x1b[?1049h\x1b[?25l";  // the other screen, no cursor
constexpr char kLeaveScreen[] = "\x1b[?25h\x1b[?1049l";

// Pages a minute from the counts of the last while.
class PageRate {
 public:
  double Add(int64_t pages_read) {
    const Clock::time_point now = Clock::now();
    seen_.emplace_back(now, pages_read);
    while (seen_.size() > 2 && now - seen_.front().first > kRateWindow) seen_.pop_front();
    const double seconds = std::chrono::duration<double>(now - seen_.front().first).count();
    const double pages = static_cast<double>(pages_read - seen_.front().second);
    return seconds > 0 && pages > 0 ? 60 * pages / seconds : 0;
  }

 private:
  std::deque<std::pair<Clock::time_point, int64_t>> seen_;
};

// Watches fronts on a thread each and draws what they say on this one.
class LiveView {
 public:
  LiveView(const std::vector<std::string>& addresses, double interval_seconds,
           Interrupt& interrupt)
      : interval_seconds_(interval_seconds), interrupt_(interrupt) {
    for (const std::string& address : addresses) fronts_.push_back({.address = address});
  }

  ExitCode Run(const std::vector<std::unique_ptr<OcrClient>>& clients);

 private:
  void Watch(size_t index, OcrClient& client);
  absl::Status Draw(const std::vector<WatchedFront>& fronts, const winsize& size);

  const double interval_seconds_;
  Interrupt& interrupt_;
  Mutex mutex_;
  CondVar changed_;
  std::vector<WatchedFront> fronts_ ABSL_GUARDED_BY(mutex_);
  bool news_ ABSL_GUARDED_BY(mutex_) = true;
  std::unique_ptr<TextSink> sink_ = MakeStdoutSink();
};

void LiveView::Watch(size_t index, OcrClient& client) {
  PageRate rate;
  while (!interrupt_.requested()) {
    const absl::Status status =
        client.WatchStatus(interval_seconds_, [&](const v1::WatchStatusResponse& state) {
          MutexLock lock(mutex_);
          fronts_[index].state = state;
          fronts_[index].trouble.clear();
          fronts_[index].pages_per_minute = rate.Add(state.pages_read());
          news_ = true;
          changed_.NotifyAll();
          return absl::OkStatus();
        });
    {
      MutexLock lock(mutex_);
      if (!status.ok()) fronts_[index].trouble = std::string(status.message());
      news_ = true;
      changed_.NotifyAll();
    }
    interrupt_.WaitFor(kTryAgainSeconds);
  }
}

winsize TerminalSize() {
  winsize size = {};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size : winsize{.ws_row = 24, .ws_col = 80};
}

absl::Status LiveView::Draw(const std::vector<WatchedFront>& fronts, const winsize& size) {
  std::string text = "\x1b[H";
  // The last column stays free: some terminals wrap when it is written.
  for (const std::string& line : WatchScreen(fronts, size.ws_row - 1, size.ws_col - 1)) {
    absl::StrAppend(&text, line, "\x1b[K\r\n");
  }
  return sink_->Write(text + "\x1b[J");
}

ExitCode LiveView::Run(const std::vector<std::unique_ptr<OcrClient>>& clients) {
  std::vector<std::thread> watchers;
  for (size_t i = 0; i < clients.size(); ++i) {
    watchers.emplace_back([this, i, &clients] { Watch(i, *clients[i]); });
  }
  absl::Status status = sink_->Write(kEnterScreen);
  winsize drawn = {};
  while (status.ok() && !interrupt_.requested()) {
    const winsize size = TerminalSize();
    const bool resized = size.ws_row != drawn.ws_row || size.ws_col != drawn.ws_col;
    std::vector<WatchedFront> fronts;
    {
      MutexLock lock(mutex_);
      if (!news_ && !resized) {
        changed_.WaitUntil(mutex_, Clock::now() + kResizeTick);
        continue;
      }
      news_ = false;
      fronts = fronts_;
    }
    drawn = size;
    status = Draw(fronts, size);
  }
  const absl::Status left = sink_->Write(kLeaveScreen);
  if (!status.ok()) interrupt_.Request();  // nobody looks: the watchers are to end
  for (std::thread& watcher : watchers) watcher.join();
  return SayOutcome(status.ok() ? left : status);
}

// Lines of several fronts, each with its address in front, or as {"server", "status"}.
ExitCode PrintLines(const Config& config, const std::vector<std::string>& addresses,
                    const std::vector<std::unique_ptr<OcrClient>>& clients) {
  Mutex mutex;
  const auto sink = MakeStdoutSink();
  ExitCode worst = kExitOk;
  std::vector<std::thread> watchers;
  for (size_t i = 0; i < clients.size(); ++i) {
    watchers.emplace_back([&, i] {
      const absl::Status status = clients[i]->WatchStatus(
          config.interval_seconds, [&](const v1::WatchStatusResponse& state) {
            MutexLock lock(mutex);
            const std::string name = Printable(addresses[i]);
            return sink->Write(config.json ? WatchJsonLine(name, state)
                                           : absl::StrCat(name, "  ", FormatWatchLine(state)));
          });
      MutexLock lock(mutex);
      worst = Worse(worst, SayOutcome(status));
    });
  }
  for (std::thread& watcher : watchers) watcher.join();
  return worst;
}

}  // namespace

ExitCode RunWatch(const Config& config, const Terminals& terminals, Interrupt& interrupt) {
  const std::vector<std::string> addresses =
      config.servers.empty() ? std::vector<std::string>{config.server} : config.servers;
  std::vector<std::unique_ptr<OcrClient>> clients;
  for (const std::string& address : addresses) {
    const absl::StatusOr<Access> access = ReadAccess(config.access, address);
    if (!access.ok()) {
      SayOutcome(access.status());
      return kExitUsage;
    }
    clients.push_back(std::make_unique<OcrClient>(address, *access, interrupt));
  }
  if (terminals.stdout_is_terminal && terminals.can_redraw && !config.json) {
    return LiveView(addresses, config.interval_seconds, interrupt).Run(clients);
  }
  if (clients.size() > 1) return PrintLines(config, addresses, clients);
  return WatchServer(*clients.front(), config.interval_seconds, config.json);
}

}  // namespace quire::client
