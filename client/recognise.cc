#include "client/recognise.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/file_list.h"
#include "client/page_format.h"
#include "client/pause.h"
#include "client/progress.h"
#include "client/report/report.h"
#include "client/request.h"
#include "client/summary.h"
#include "client/watched_folder.h"
#include "proto/status.h"

namespace quire::client {
namespace {

constexpr double kSecondsBetweenLooks = 1;  // at a watched folder

class Recogniser {
 public:
  Recogniser(const RecogniseConfig& config, const Terminals& terminals, OcrClient& client,
             Interrupt& interrupt)
      : config_(config),
        terminals_(terminals),
        client_(client),
        interrupt_(interrupt),
        progress_(terminals.stderr_is_terminal && !config.quiet &&
                  !(config.stream && terminals.stdout_is_terminal)) {}

  ExitCode Run();

 private:
  using Clock = std::chrono::steady_clock;

  ReadingOutcome Read(const InputFile& input);
  ExitCode ReadListed(const std::vector<InputFile>& inputs);
  // Reads what the folder holds and gets, until the user ends it.
  ExitCode ReadWatchedFolder(ExitCode worst);
  void WatchKeys();
  void SaySum(Clock::time_point start);
  void SayWhatFailed(const std::vector<InputFile>& inputs);
  void Say(const std::string& text) { progress_.Say(absl::StrCat("quire: ", text, "\n")); }
  ExitCode Fail(const absl::Status& status) {
    Say(std::string(status.message()));
    return ExitCodeFor(status);
  }

  // Makes the report that was asked for; OK where none was.
  absl::Status OpenReport();
  ExitCode CloseReport(ExitCode worst);

  const RecogniseConfig& config_;
  const Terminals terminals_;
  OcrClient& client_;
  Interrupt& interrupt_;
  Progress progress_;
  v1::RecognizeOptions request_;
  std::unique_ptr<Report> report_;  // none where none was asked for
  std::unique_ptr<Pause> pause_;
  std::vector<ReadingOutcome> outcomes_;
};

// Whether the documents that follow would end the same way.
bool IsEndOfAll(ExitCode code) {
  return code == kExitCancelled || code == kExitPipeClosed || code == kExitNoServer;
}

ExitCode Recogniser::Run() {
  auto request = MakeRequestOptions(config_);
  if (!request.ok()) return Fail(request.status());
  request_ = *std::move(request);
  if (const absl::Status opened = OpenReport(); !opened.ok()) return Fail(opened);
  WatchKeys();
  const Clock::time_point start = Clock::now();
  const std::vector<InputFile> inputs = ListInputs(config_.files);
  ExitCode worst = ReadListed(inputs);
  if (!config_.watched_folder.empty()) worst = ReadWatchedFolder(worst);
  worst = CloseReport(worst);
  progress_.Clear();
  if (worst == kExitPipeClosed || inputs.size() <= 1) return worst;
  if (config_.summary) SaySum(start);
  if (worst != kExitOk) SayWhatFailed(inputs);
  return worst;
}

// Keys are read where a person sees what they do, and standard input holds no document.
void Recogniser::WatchKeys() {
  if (!terminals_.stderr_is_terminal || config_.quiet) return;
  for (const std::string& file : config_.files) {
    if (file == "-") return;
  }
  pause_ = Pause::Watch(interrupt_, [this](bool paused) {
    Say(paused ? "paused after the next page; p goes on" : "goes on");
  });
}

ReadingOutcome Recogniser::Read(const InputFile& input) {
  const ReadingParts parts = {.config = config_,
                              .terminals = terminals_,
                              .request = request_,
                              .client = client_,
                              .interrupt = interrupt_,
                              .progress = progress_,
                              .report = report_.get(),
                              .pause = pause_.get()};
  return DocumentReading(parts, input).Run();
}

ExitCode Recogniser::ReadListed(const std::vector<InputFile>& inputs) {
  ExitCode worst = kExitOk;
  for (const InputFile& input : inputs) {
    outcomes_.push_back(Read(input));
    worst = Worse(worst, outcomes_.back().code);
    if (IsEndOfAll(outcomes_.back().code)) break;
  }
  return worst;
}

ExitCode Recogniser::ReadWatchedFolder(ExitCode worst) {
  WatchedFolder folder(config_.watched_folder);
  while (true) {
    const auto ready = folder.Look();
    if (!ready.ok()) return Worse(worst, Fail(ready.status()));
    for (const std::string& path : *ready) {
      // The whole name: "a.pdf" and "a.png" must not fall together, whichever comes first.
      const ReadingOutcome outcome =
          Read({.path = path, .name = path, .output_stem = std::filesystem::path(path).filename()});
      worst = Worse(worst, outcome.code);
      if (IsEndOfAll(outcome.code)) return worst;
    }
    if (interrupt_.WaitFor(kSecondsBetweenLooks)) return worst;
  }
}

absl::Status Recogniser::OpenReport() {
  if (config_.report_file.empty()) return absl::OkStatus();
  QUIRE_ASSIGN_OR_RETURN(report_, Report::Create(config_.report_file));
  return absl::OkStatus();
}

ExitCode Recogniser::CloseReport(ExitCode worst) {
  if (report_ == nullptr) return worst;
  const absl::StatusOr<std::string> closed = report_->Close();
  if (!closed.ok()) return Worse(worst, Fail(closed.status()));
  if (terminals_.stderr_is_terminal && !config_.quiet) {
    progress_.Say(absl::StrCat("report written to ", Printable(*closed), "\n"));
  }
  return worst;
}

void Recogniser::SaySum(Clock::time_point start) {
  int pages_read = 0;
  int pages_failed = 0;
  for (const ReadingOutcome& outcome : outcomes_) {
    pages_read += outcome.pages_read;
    pages_failed += outcome.pages_failed;
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  progress_.Say(absl::StrFormat(
      "%d documents: %d pages read, %d failed, %s (%.1f pages a minute)\n", outcomes_.size(),
      pages_read, pages_failed, FormatSeconds(seconds), PagesPerMinute(pages_read, seconds)));
}

void Recogniser::SayWhatFailed(const std::vector<InputFile>& inputs) {
  std::string list;
  int failed = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const bool tried = i < outcomes_.size();
    if (tried && outcomes_[i].code == kExitOk) continue;
    ++failed;
    absl::StrAppend(&list, "  ", Printable(inputs[i].name), ": ",
                    tried ? outcomes_[i].sentence : "not tried", "\n");
  }
  Say(absl::StrFormat("%d of %d documents were not read in full:", failed, inputs.size()));
  progress_.Say(list);
}

}  // namespace

ExitCode Recognise(const RecogniseConfig& config, const Terminals& terminals, OcrClient& client,
                   Interrupt& interrupt) {
  return Recogniser(config, terminals, client, interrupt).Run();
}

}  // namespace quire::client
