#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/bench/bench_config.h"
#include "client/bench/bench_run.h"
#include "client/interrupt.h"
#include "client/ocr_client.h"
#include "proto/mutex.h"

namespace quire::client {

// A page that was read while a load was measured, and its document's file.
using OnBenchPage = std::function<void(const std::string& file, const v1::PageResult& page)>;

// What a load tells while it runs; one call at a time.
struct LoadEvents {
  std::function<void(double seconds, int64_t pages)> on_course;  // about every second
  OnBenchPage on_page;                                           // may be empty
};

// Sends documents for some time and notes what comes of them. Documents come one after another on
// so many connections at once, or, with a rate, at random moments whatever is still being read (a
// Poisson process with a fixed seed). What is still being read when the time is over is
// cancelled: its pages until then count, and it is counted as cut.
class Load {
 public:
  //   options  of every document
  Load(const BenchConfig& config, v1::RecognizeOptions options, OcrClient& client,
       Interrupt& interrupt, LoadEvents events);

  // Fills in seconds, documents, errors and failed pages. InterruptedError; FileError; UNAVAILABLE
  // when there is no server.
  absl::Status Run(BenchRun& run);

 private:
  using Clock = std::chrono::steady_clock;

  void SendInTurn();
  void SendAtRandom();
  void Send(const std::string& file, Clock::time_point due);
  struct Course {  // of one document
    const std::string& file;
    Clock::time_point due;  // it was to be sent
    bool any_page = false;  // ended, measured or not
    DocumentSample sample;
  };
  absl::Status Note(const v1::RecognizeResponse& event, Course& course);
  void End(const absl::Status& status, DocumentSample sample);
  const std::string* NextFile();
  bool over() const;
  double Measured(Clock::time_point now) const;

  const BenchConfig& config_;
  const v1::RecognizeOptions options_;
  OcrClient& client_;
  Interrupt& interrupt_;
  const LoadEvents events_;
  std::vector<std::string> round_;  // files, each as often as the mix says
  Clock::time_point begins_;        // of measuring
  Clock::time_point ends_;
  Mutex mutex_;
  CondVar changed_;
  int open_ ABSL_GUARDED_BY(mutex_) = 0;  // documents
  size_t sent_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t pages_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status fatal_ ABSL_GUARDED_BY(mutex_);
  BenchRun* run_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace quire::client
