#include "client/watch_screen.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/names.h"
#include "client/page_format.h"
#include "client/summary.h"

namespace quire::client {
namespace {

constexpr int kBarCharacters = 10;

// "[####------]"
std::string Bar(int part, int whole) {
  const int filled = whole > 0 ? std::clamp(kBarCharacters * part / whole, 0, kBarCharacters) : 0;
  return absl::StrCat("[", std::string(filled, '#'), std::string(kBarCharacters - filled, '-'), "]");
}

void AddWorker(const v1::WorkerInfo& worker, std::vector<std::string>& lines) {
  lines.push_back(absl::StrFormat(
      "  worker %-10s %-9s %s %d/%d slots  %s on %s  %d MB  %d restarts", Printable(worker.id()),
      NameOf(worker.state()), Bar(worker.slots_used(), worker.slots()), worker.slots_used(),
      worker.slots(), Printable(worker.model()), Printable(worker.device()),
      worker.resident_bytes() / 1'000'000, worker.restarts()));
  if (!worker.last_error().empty()) lines.push_back("    " + Printable(worker.last_error()));
}

void AddDocument(const v1::OpenDocument& document, std::vector<std::string>& lines) {
  if (document.pages() == 0) {
    lines.push_back(absl::StrFormat("  %-12s  being received or opened, %s",
                                    Printable(document.document_id()),
                                    FormatSeconds(document.age_seconds())));
    return;
  }
  lines.push_back(absl::StrFormat("  %-12s  %s %d/%d pages  %s",
                                  Printable(document.document_id()),
                                  Bar(document.pages_done(), document.pages()),
                                  document.pages_done(), document.pages(),
                                  FormatSeconds(document.age_seconds())));
}

void AddFront(const WatchedFront& front, std::vector<std::string>& lines) {
  const std::string address = Printable(front.address);
  if (!front.trouble.empty()) lines.push_back(address + "  " + Printable(front.trouble));
  if (!front.state.has_value()) {
    if (front.trouble.empty()) lines.push_back(address + "  connecting");
    return;
  }
  const v1::WatchStatusResponse& state = *front.state;
  lines.push_back(absl::StrFormat(
      "%s  %s  %.1f pages a minute", address,
      state.draining() ? "draining" : state.ready() ? "ready" : "not ready",
      front.pages_per_minute));
  lines.push_back(absl::StrFormat(
      "  documents %d  waiting %d  reading %d  read %d  failed %d", state.documents(),
      state.pages_waiting(), state.pages_reading(), state.pages_read(), state.pages_failed()));
  for (const v1::WorkerInfo& worker : state.workers()) AddWorker(worker, lines);
  for (const v1::OpenDocument& document : state.open_documents()) AddDocument(document, lines);
}

}  // namespace

std::vector<std::string> WatchScreen(const std::vector<WatchedFront>& fronts, int rows,
                                     int columns) {
  std::vector<std::string> lines;
  for (const WatchedFront& front : fronts) AddFront(front, lines);
  const size_t most = static_cast<size_t>(std::max(rows, 1));
  if (lines.size() > most) {
    const size_t left_out = lines.size() - (most - 1);
    lines.resize(most - 1);
    lines.push_back(absl::StrCat("... and ", left_out, " more lines"));
  }
  for (std::string& line : lines) line = Shorten(line, columns);
  return lines;
}

}  // namespace quire::client
