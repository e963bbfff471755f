#include "client/recognise.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/document_run.h"
#include "client/document_source.h"
#include "client/file_list.h"
#include "client/output.h"
#include "client/progress.h"
#include "client/report/report.h"
#include "client/request.h"
#include "client/resume/page_journal.h"
#include "client/resume/resumed_answer.h"
#include "client/retry.h"
#include "client/summary.h"
#include "client/text_sink.h"
#include "client/watched_folder.h"
#include "proto/status.h"

namespace quire::client {
namespace {

constexpr double kSecondsBetweenLooks = 1;  // at a watched folder

// How a document ended, for the closing list.
struct Outcome {
  ExitCode code = kExitOk;
  std::string sentence;  // empty for kExitOk
};

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
  Outcome ReadDocument(const InputFile& input);
  // Reads what the folder holds and gets, until the user ends it.
  ExitCode ReadWatchedFolder(ExitCode worst);
  absl::Status Transfer(const InputFile& input, PageJournal* journal, DocumentRun& run);
  // The record of the pages that are in the output folder; none for what goes to standard output
  // or comes from standard input.
  std::unique_ptr<PageJournal> OpenJournal(const InputFile& input) const;
  // Whether an earlier call has written all of the document; says so.
  bool IsReadAlready(const InputFile& input, const PageJournal& journal);
  // Whether another try is worth it; waits before it says so.
  bool WaitForAnotherTry(const absl::Status& status, int attempt);
  absl::StatusOr<std::unique_ptr<TextSink>> MakeSink(const InputFile& input) const;
  Outcome Conclude(const InputFile& input, const DocumentRun& run, absl::Status status,
                   TextSink& sink, PageJournal* journal);
  void SayWhatFailed(const std::vector<InputFile>& inputs, const std::vector<Outcome>& outcomes);
  void Say(const std::string& text) { progress_.Say(absl::StrCat("quire: ", text, "\n")); }

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
  int pages_read_ = 0;
  int pages_failed_ = 0;
};

// Whether the documents that follow would end the same way.
bool IsEndOfAll(ExitCode code) {
  return code == kExitCancelled || code == kExitPipeClosed || code == kExitNoServer;
}

ExitCode Recogniser::Run() {
  auto request = MakeRequestOptions(config_);
  if (!request.ok()) {
    Say(std::string(request.status().message()));
    return ExitCodeFor(request.status());
  }
  request_ = *std::move(request);
  if (const absl::Status opened = OpenReport(); !opened.ok()) {
    Say(std::string(opened.message()));
    return ExitCodeFor(opened);
  }
  const auto start = std::chrono::steady_clock::now();
  const std::vector<InputFile> inputs = ListInputs(config_.files);
  std::vector<Outcome> outcomes;
  ExitCode worst = kExitOk;
  for (const InputFile& input : inputs) {
    outcomes.push_back(ReadDocument(input));
    worst = Worse(worst, outcomes.back().code);
    if (IsEndOfAll(outcomes.back().code)) break;
  }
  if (!config_.watched_folder.empty()) worst = ReadWatchedFolder(worst);
  worst = CloseReport(worst);
  progress_.Clear();
  if (worst == kExitPipeClosed || inputs.size() <= 1) return worst;
  if (config_.summary) {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    progress_.Say(absl::StrFormat(
        "%d documents: %d pages read, %d failed, %s (%.1f pages a minute)\n", outcomes.size(),
        pages_read_, pages_failed_, FormatSeconds(seconds.count()),
        PagesPerMinute(pages_read_, seconds.count())));
  }
  if (worst != kExitOk) SayWhatFailed(inputs, outcomes);
  return worst;
}

absl::Status Recogniser::OpenReport() {
  if (config_.report_file.empty()) return absl::OkStatus();
  QUIRE_ASSIGN_OR_RETURN(report_, Report::Create(config_.report_file));
  return absl::OkStatus();
}

ExitCode Recogniser::CloseReport(ExitCode worst) {
  if (report_ == nullptr) return worst;
  const absl::StatusOr<std::string> closed = report_->Close();
  if (!closed.ok()) {
    Say(std::string(closed.status().message()));
    return Worse(worst, ExitCodeFor(closed.status()));
  }
  if (terminals_.stderr_is_terminal && !config_.quiet) {
    progress_.Say(absl::StrCat("report written to ", Printable(*closed), "\n"));
  }
  return worst;
}

absl::StatusOr<std::unique_ptr<TextSink>> Recogniser::MakeSink(const InputFile& input) const {
  if (config_.output_folder.empty()) return MakeStdoutSink();
  return MakeFileSink(config_.output_folder, input.output_stem, FileEnding(config_.format));
}

ExitCode Recogniser::ReadWatchedFolder(ExitCode worst) {
  WatchedFolder folder(config_.watched_folder);
  while (true) {
    const auto ready = folder.Look();
    if (!ready.ok()) {
      Say(std::string(ready.status().message()));
      return Worse(worst, ExitCodeFor(ready.status()));
    }
    for (const std::string& path : *ready) {
      // The whole name: "a.pdf" and "a.png" must not fall together, whichever comes first.
      const Outcome outcome = ReadDocument(
          {.path = path, .name = path, .output_stem = std::filesystem::path(path).filename()});
      worst = Worse(worst, outcome.code);
      if (IsEndOfAll(outcome.code)) return worst;
    }
    if (interrupt_.WaitFor(kSecondsBetweenLooks)) return worst;
  }
}

std::unique_ptr<PageJournal> Recogniser::OpenJournal(const InputFile& input) const {
  const auto identity = JournalIdentity(input.path, request_);
  if (config_.output_folder.empty() || !identity.has_value()) return nullptr;
  const std::filesystem::path folder(config_.output_folder);
  const std::string name =
      absl::StrCat(input.output_stem, std::string(FileEnding(config_.format)), ".pages");
  return std::make_unique<PageJournal>((folder / ".quire" / name).string(), *identity,
                                       config_.resume);
}

bool Recogniser::IsReadAlready(const InputFile& input, const PageJournal& journal) {
  std::filesystem::path path = config_.output_folder;
  path /= input.output_stem + std::string(FileEnding(config_.format));
  std::error_code error;
  if (!journal.is_complete() || !std::filesystem::exists(path, error)) return false;
  if (!config_.quiet) {
    Say(absl::StrCat(Printable(input.name), ": was read already, into ", Printable(path.string())));
  }
  return true;
}

Outcome Recogniser::ReadDocument(const InputFile& input) {
  const std::unique_ptr<PageJournal> journal = OpenJournal(input);
  if (journal != nullptr && IsReadAlready(input, *journal)) return {};
  auto sink = MakeSink(input);
  if (!sink.ok()) {
    const std::string sentence(sink.status().message());
    Say(sentence);
    return {ExitCodeFor(sink.status()), sentence};
  }
  const bool to_stdout = config_.output_folder.empty();
  const auto text_writer = MakeDocumentWriter({.format = config_.format,
                                               .raw = config_.raw,
                                               .stream = config_.stream,
                                               .several = to_stdout && config_.files.size() > 1,
                                               .document_name = input.name},
                                              **sink);
  std::unique_ptr<DocumentWriter> report_writer;
  if (report_ != nullptr) {
    report_writer = report_->AddDocument(input.name, config_.report_preview_px, *text_writer);
  }
  DocumentWriter& writer = report_ != nullptr ? *report_writer : *text_writer;
  DocumentRun run({.name = input.name,
                   .stdout_is_terminal = to_stdout && terminals_.stdout_is_terminal,
                   .stream = config_.stream,
                   .quiet = config_.quiet},
                  writer, progress_);
  absl::Status status = Transfer(input, journal.get(), run);
  if (ExitCodeFor(status) != kExitPipeClosed) {
    if (terminals_.stdout_is_terminal) progress_.Clear();
    const absl::Status ended = writer.OnEnd(status);
    if (status.ok()) status = ended;
  }
  return Conclude(input, run, std::move(status), **sink, journal.get());
}

absl::Status Recogniser::Transfer(const InputFile& input, PageJournal* journal,
                                  DocumentRun& run) {
  if (interrupt_.requested()) return InterruptedError();
  std::optional<ResumedAnswer> resumed;
  v1::RecognizeOptions request = request_;
  if (journal != nullptr) {
    resumed.emplace(*journal, request_.page_ranges(),
                    [&](const v1::RecognizeResponse& event) { return run.OnEvent(event); });
    if (!resumed->missing_ranges().has_value()) return resumed->AnswerAlone();
    request.set_page_ranges(*resumed->missing_ranges());
  }
  QUIRE_ASSIGN_OR_RETURN(DocumentSource source, DocumentSource::Open(input.path, interrupt_));
  progress_.StartDocument(input.name, source.size_bytes());
  const RecogniseCall call = {
      .options = request,
      .timeout_seconds = config_.timeout_seconds,
      .on_event =
          [&](const v1::RecognizeResponse& event) {
            return resumed.has_value() ? resumed->OnEvent(event) : run.OnEvent(event);
          },
      .on_sent = [&](int64_t bytes) { progress_.OnSent(bytes); }};
  for (int attempt = 1;; ++attempt) {
    const absl::Status status = client_.Recognise(call, source);
    if (status.ok() || run.accepted() || !WaitForAnotherTry(status, attempt)) return status;
    if (interrupt_.requested()) return InterruptedError();
    source.Rewind();
  }
}

bool Recogniser::WaitForAnotherTry(const absl::Status& status, int attempt) {
  const auto asked = RetryAfterSeconds(status);
  if (!asked.has_value() || attempt > config_.retries) return false;
  static thread_local std::minstd_rand random{std::random_device{}()};
  const double jitter = std::uniform_real_distribution<double>(0, 1)(random);
  const double seconds = BackOffSeconds(*asked, attempt, jitter);
  if (!config_.quiet) {
    Say(absl::StrFormat("%s; trying again in %s (%d of %d)",
                        Printable(std::string(status.message())), FormatSeconds(seconds), attempt,
                        config_.retries));
  }
  interrupt_.WaitFor(seconds);
  return true;
}

Outcome Recogniser::Conclude(const InputFile& input, const DocumentRun& run, absl::Status status,
                             TextSink& sink, PageJournal* journal) {
  pages_read_ += run.pages_done() - run.pages_failed();
  pages_failed_ += run.pages_failed();
  std::string path;
  if (status.ok() || run.pages_done() > 0) {
    auto committed = sink.Commit(status.ok());
    if (committed.ok()) path = *committed;
    if (status.ok()) status = committed.status();
    // With pages that failed the record stays: the next call with --resume tries those again.
    if (status.ok() && journal != nullptr && run.pages_failed() == 0) status = journal->Complete();
  }
  const std::string name = Printable(input.name);
  if (!status.ok()) {
    std::string sentence = Printable(std::string(status.message()));
    if (run.accepted()) {
      absl::StrAppendFormat(&sentence, " (%d of %d pages done)", run.pages_done(),
                            run.selected_pages());
    }
    const ExitCode code = ExitCodeFor(status);
    // A sentence about a file names it already, and one about the server is about no file.
    const bool names_itself = code == kExitFile || (code == kExitNoServer && !run.accepted());
    if (code != kExitPipeClosed) Say(names_itself ? sentence : name + ": " + sentence);
    if (!path.empty()) Say(absl::StrCat("the finished pages are in ", Printable(path)));
    return {code, sentence};
  }
  const bool tell = terminals_.stderr_is_terminal && !config_.quiet;
  if (config_.summary || tell) {
    progress_.Say(FormatSummary(input.name, *run.summary(), config_.summary));
    if (!path.empty()) progress_.Say(absl::StrCat("  written to ", Printable(path), "\n"));
  }
  if (run.pages_failed() == 0) return {};
  return {kExitPagesFailed, absl::StrFormat("%d of %d pages failed", run.pages_failed(),
                                            run.selected_pages())};
}

void Recogniser::SayWhatFailed(const std::vector<InputFile>& inputs,
                               const std::vector<Outcome>& outcomes) {
  std::string list;
  int failed = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const bool tried = i < outcomes.size();
    if (tried && outcomes[i].code == kExitOk) continue;
    ++failed;
    absl::StrAppend(&list, "  ", Printable(inputs[i].name), ": ",
                    tried ? outcomes[i].sentence : "not tried", "\n");
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
