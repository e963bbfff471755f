#include "client/bench/load.h"

#include <algorithm>
#include <list>
#include <random>
#include <thread>
#include <utility>

#include "client/document_source.h"
#include "client/exit_code.h"
#include "client/retry.h"
#include "client/summary.h"
#include "proto/rich_status.h"
#include "proto/status.h"

namespace quire::client {
namespace {

constexpr int kMostOpenDocuments = 256;
constexpr double kBusySeconds = 0.1;  // before the next document where the server names no time

// Ends a call whose answer no longer counts.
absl::Status TimeOver() { return absl::CancelledError("the time of the bench is over"); }

std::string NameOfError(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return reason.empty() ? absl::StatusCodeToString(status.code()) : reason;
}

// The files of one round, spread evenly: "a b a a b a" for a mix of 4 and 2.
std::vector<std::string> Round(const BenchConfig& config) {
  std::vector<std::pair<double, std::string>> places;
  for (size_t i = 0; i < config.files.size(); ++i) {
    const int times = i < config.mix.size() ? config.mix[i] : 1;
    for (int time = 0; time < times; ++time) places.emplace_back((time + 0.5) / times, config.files[i]);
  }
  std::stable_sort(places.begin(), places.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> round;
  for (auto& [place, file] : places) round.push_back(std::move(file));
  return round;
}

}  // namespace

Load::Load(const BenchConfig& config, v1::RecognizeOptions options, OcrClient& client,
           Interrupt& interrupt, LoadEvents events)
    : config_(config),
      options_(std::move(options)),
      client_(client),
      interrupt_(interrupt),
      events_(std::move(events)),
      round_(Round(config)) {}

// Time is over, or something ends it all.
bool Load::over() const {
  return interrupt_.requested() || (config_.documents == 0 && Clock::now() >= ends_);
}

double Load::Measured(Clock::time_point now) const {
  return std::chrono::duration<double>(now - begins_).count();
}

const std::string* Load::NextFile() {
  MutexLock lock(mutex_);
  if (over() || !fatal_.ok()) return nullptr;
  if (config_.documents > 0 && sent_ >= static_cast<size_t>(config_.documents)) return nullptr;
  return &round_[sent_++ % round_.size()];
}

absl::Status Load::Run(BenchRun& run) {
  for (const std::string& file : config_.files) {
    QUIRE_RETURN_IF_ERROR(DocumentSource::Open(file, interrupt_).status());
  }
  const auto seconds = [](double value) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(value));
  };
  begins_ = Clock::now() + seconds(config_.documents > 0 ? 0 : config_.warm_up_seconds);
  ends_ = begins_ + seconds(config_.seconds);
  {
    MutexLock lock(mutex_);
    run_ = &run;
  }
  if (config_.rate > 0) {
    SendAtRandom();
  } else {
    SendInTurn();
  }
  MutexLock lock(mutex_);
  run.seconds = config_.documents > 0 ? Measured(Clock::now()) : config_.seconds;
  if (interrupt_.requested()) return InterruptedError();
  return fatal_;
}

void Load::SendInTurn() {
  std::vector<std::thread> senders;
  for (int i = 0; i < config_.concurrency; ++i) {
    {
      MutexLock lock(mutex_);
      ++open_;
    }
    senders.emplace_back([this] {
      while (const std::string* file = NextFile()) Send(*file, Clock::now());
      MutexLock lock(mutex_);
      --open_;
      changed_.NotifyAll();
    });
  }
  {
    MutexLock lock(mutex_);
    while (open_ > 0) {
      changed_.WaitUntil(mutex_, Clock::now() + std::chrono::seconds(1));
      events_.on_course(std::max(0.0, Measured(Clock::now())), pages_);
    }
  }
  for (std::thread& sender : senders) sender.join();
}

void Load::SendAtRandom() {
  std::list<std::thread> senders;
  std::minstd_rand random(1);
  std::exponential_distribution<double> pause(config_.rate);
  Clock::time_point due = Clock::now();
  while (const std::string* file = NextFile()) {
    due += std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(pause(random)));
    interrupt_.WaitFor(std::chrono::duration<double>(due - Clock::now()).count());
    if (over()) break;
    MutexLock lock(mutex_);
    events_.on_course(std::max(0.0, Measured(Clock::now())), pages_);
    if (open_ >= kMostOpenDocuments) {
      ++run_->errors["NOT_SENT"];
      continue;
    }
    ++open_;
    senders.emplace_back([this, file, due] {
      Send(*file, due);
      MutexLock ended(mutex_);
      --open_;
    });
  }
  for (std::thread& sender : senders) sender.join();
}

void Load::Send(const std::string& file, Clock::time_point due) {
  Course course{.file = file, .due = due};
  const auto send = [&]() -> absl::Status {
    QUIRE_ASSIGN_OR_RETURN(DocumentSource source, DocumentSource::Open(file, interrupt_));
    // A call that nothing comes of is not waited for beyond the end.
    const double left = std::chrono::duration<double>(ends_ - Clock::now()).count();
    const RecogniseCall call = {
        .options = options_,
        .timeout_seconds = config_.documents > 0 ? 0 : std::max(0.0, left) + 0.05,
        .on_event = [&](const v1::RecognizeResponse& event) { return Note(event, course); },
        .on_sent = [](int64_t) {}};
    return client_.Recognise(call, source);
  };
  const absl::Status status = send();
  End(status, std::move(course.sample));
  if (!status.ok() && config_.rate == 0 && !over()) {
    interrupt_.WaitFor(std::min(1.0, RetryAfterSeconds(status).value_or(kBusySeconds)));
  }
}

absl::Status Load::Note(const v1::RecognizeResponse& event, Course& course) {
  if (over()) return TimeOver();
  const Clock::time_point now = Clock::now();
  MutexLock lock(mutex_);
  if (event.has_page_failed() && now >= begins_) {
    ++run_->pages_failed;
    ++run_->errors[NameOfError(FromProto(event.page_failed().status()))];
  }
  if (!event.has_page_result()) return absl::OkStatus();
  const bool first = !std::exchange(course.any_page, true);
  if (now < begins_) return absl::OkStatus();
  ++pages_;
  const v1::PageResult& page = event.page_result();
  PageSample& noted = course.sample.pages.emplace_back();
  noted = {.ended_seconds = Measured(now),
           .tokens = page.output_tokens(),
           .total_seconds = page.total_seconds()};
  const auto stages = StageTimes(page.seconds());
  for (size_t i = 0; i < stages.size(); ++i) noted.stage_seconds[i] = stages[i].seconds;
  if (first) {
    course.sample.first_page_seconds = std::chrono::duration<double>(now - course.due).count();
  }
  if (events_.on_page) events_.on_page(course.file, page);
  return absl::OkStatus();
}

void Load::End(const absl::Status& status, DocumentSample sample) {
  MutexLock lock(mutex_);
  if (!sample.pages.empty()) run_->documents.push_back(std::move(sample));
  if (status.ok()) return;
  if (over()) {
    if (!interrupt_.requested()) ++run_->documents_cut;
    return;
  }
  ++run_->errors[NameOfError(status)];
  const ExitCode code = ExitCodeFor(status);
  if (fatal_.ok() && (code == kExitNoServer || code == kExitFile)) fatal_ = status;
}

}  // namespace quire::client
