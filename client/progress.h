#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "proto/mutex.h"

namespace quire::client {

// How far a document is.
struct ProgressState {
  std::string name;  // path of the document; its last part is shown
  int64_t bytes_sent = 0;
  int64_t document_bytes = 0;
  int pages_done = 0;         // read or failed
  int pages_total = 0;        // 0 until the server has opened the document
  int64_t pages_ahead = 0;    // of other documents, when it was opened
  double elapsed_seconds = 0; // since the server opened it
};

// One line without control characters, at most `columns` characters long: pages done, pages a
// minute and time left, or, before the document is open, the part of it that was sent.
std::string FormatProgress(const ProgressState& state, int columns);

// Standard error: messages, and on a terminal below them one line that tells how far the document
// is. Thread-safe.
class Progress {
 public:
  //   visible  whether to draw the line: standard error is a terminal and nobody said --quiet
  explicit Progress(bool visible) : visible_(visible) {}
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void StartDocument(std::string_view name, int64_t document_bytes);
  void OnSent(int64_t bytes_sent);
  void OnOpened(int pages_total, int64_t pages_ahead);
  void OnPageDone();
  // Takes the line away until the next change: before text goes to the same terminal.
  void Clear();
  // Prints whole lines above the progress line, on a terminal or not.
  void Say(std::string_view lines);

 private:
  void Erase() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Draw(bool at_once) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const bool visible_;
  Mutex mutex_;
  ProgressState state_ ABSL_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point opened_ ABSL_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point drawn_ ABSL_GUARDED_BY(mutex_);
  bool on_screen_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace quire::client
