#include "client/document_reading.h"

#include <filesystem>
#include <optional>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/document_source.h"
#include "client/figures/figures_writer.h"
#include "client/output.h"
#include "client/resume/paused_answer.h"
#include "client/resume/resumed_answer.h"
#include "client/retry.h"
#include "client/summary.h"
#include "proto/status.h"

namespace quire::client {

void DocumentReading::Say(const std::string& text) const {
  parts_.progress.Say(absl::StrCat("quire: ", text, "\n"));
}

absl::StatusOr<std::unique_ptr<TextSink>> DocumentReading::MakeSink() const {
  if (config_.output_folder.empty()) return MakeStdoutSink();
  return MakeFileSink(config_.output_folder, input_.output_stem, FileEnding(config_.format));
}

std::unique_ptr<DocumentWriter> DocumentReading::MakeWriter(TextSink& sink) const {
  return MakeDocumentWriter(
      {.format = config_.format,
       .raw = config_.raw,
       .stream = config_.stream,
       .several = config_.output_folder.empty() && config_.files.size() > 1,
       .document_name = input_.name},
      sink);
}

absl::Status DocumentReading::OpenJournal() {
  const auto identity = JournalIdentity(input_.path, parts_.request);
  if (config_.output_folder.empty() || !identity.has_value()) return absl::OkStatus();
  const std::filesystem::path folder(config_.output_folder);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return FileError("create the folder", folder.string(), error.value());
  const std::string name =
      absl::StrCat(input_.output_stem, std::string(FileEnding(config_.format)));
  QUIRE_RETURN_IF_ERROR(lock_.Take((folder / absl::StrCat(".", name, ".lock")).string(),
                                   "another quire that writes this output"));
  if (NeedsImages(config_.format)) return absl::OkStatus();  // it keeps no images
  journal_ = std::make_unique<PageJournal>((folder / ".quire" / (name + ".pages")).string(),
                                           *identity, config_.resume);
  return absl::OkStatus();
}

bool DocumentReading::IsReadAlready() const {
  std::filesystem::path path = config_.output_folder;
  path /= input_.output_stem + std::string(FileEnding(config_.format));
  std::error_code error;
  if (!journal_->is_complete() || !std::filesystem::exists(path, error)) return false;
  if (!config_.quiet) {
    Say(absl::StrCat(Printable(input_.name), ": was read already, into ",
                     Printable(path.string())));
  }
  return true;
}

ReadingOutcome DocumentReading::Fail(const absl::Status& status) {
  const std::string sentence(status.message());
  Say(sentence);
  return {.code = ExitCodeFor(status), .sentence = sentence};
}

ReadingOutcome DocumentReading::Run() {
  if (const absl::Status opened = OpenJournal(); !opened.ok()) return Fail(opened);
  if (journal_ != nullptr && IsReadAlready()) return {};
  const auto sink = MakeSink();
  if (!sink.ok()) return Fail(sink.status());
  const bool text_on_terminal =
      config_.output_folder.empty() && parts_.terminals.stdout_is_terminal;
  const auto text_writer = MakeWriter(**sink);
  DocumentWriter* outermost = text_writer.get();
  std::unique_ptr<DocumentWriter> figures_writer, report_writer;
  if (config_.figures) {
    figures_writer = MakeFiguresWriter(config_.output_folder, input_.output_stem, *outermost);
    outermost = figures_writer.get();
  }
  if (parts_.report != nullptr) {
    report_writer = parts_.report->AddDocument(input_.name, config_.report_preview_px, *outermost);
    outermost = report_writer.get();
  }
  DocumentWriter& writer = *outermost;
  DocumentRun run({.name = input_.name,
                   .stdout_is_terminal = text_on_terminal,
                   .stream = config_.stream,
                   .quiet = config_.quiet},
                  writer, parts_.progress);
  absl::Status status = Transfer(run);
  if (ExitCodeFor(status) != kExitPipeClosed) {
    if (parts_.terminals.stdout_is_terminal) parts_.progress.Clear();
    const absl::Status ended = writer.OnEnd(status);
    if (status.ok()) status = ended;
  }
  return Conclude(run, std::move(status), **sink);
}

absl::Status DocumentReading::Transfer(DocumentRun& run) {
  if (parts_.pause != nullptr) parts_.pause->Wait();
  if (parts_.interrupt.requested()) return InterruptedError();
  RecogniseCall::OnEventFunction on_event = [&](const v1::RecognizeResponse& event) {
    return run.OnEvent(event);
  };
  std::optional<ResumedAnswer> resumed;
  v1::RecognizeOptions request = parts_.request;
  if (journal_ != nullptr) {
    resumed.emplace(*journal_, request.page_ranges(), on_event);
    if (!resumed->missing_ranges().has_value()) return resumed->AnswerAlone();
    request.set_page_ranges(*resumed->missing_ranges());
    on_event = [&](const v1::RecognizeResponse& event) { return resumed->OnEvent(event); };
  }
  QUIRE_ASSIGN_OR_RETURN(DocumentSource source,
                         DocumentSource::Open(input_.path, parts_.interrupt));
  parts_.progress.StartDocument(input_.name, source.size_bytes());
  return Call(request, source, on_event);
}

absl::Status DocumentReading::Call(const v1::RecognizeOptions& request, DocumentSource& source,
                                   const RecogniseCall::OnEventFunction& on_event) {
  PausedAnswer answer(request.page_ranges(), on_event);
  bool accepted = false;  // by the call that runs
  bool paused = false;
  RecogniseCall call = {.options = request,
                        .timeout_seconds = config_.timeout_seconds,
                        .on_event = [&](const v1::RecognizeResponse& event) -> absl::Status {
                          accepted |= event.has_accepted();
                          QUIRE_RETURN_IF_ERROR(answer.OnEvent(event));
                          paused = parts_.pause != nullptr && parts_.pause->requested() &&
                                   answer.may_pause();
                          return paused ? absl::CancelledError("paused") : absl::OkStatus();
                        },
                        .on_sent = [&](int64_t bytes) { parts_.progress.OnSent(bytes); }};
  for (int attempt = 1;;) {
    accepted = paused = false;
    const absl::Status status = parts_.client.Recognise(call, source);
    if (paused) {
      parts_.pause->Wait();
      attempt = 1;
    } else if (status.ok() || accepted || !WaitForAnotherTry(status, attempt++)) {
      return status;
    }
    if (parts_.interrupt.requested()) return InterruptedError();
    call.options.set_page_ranges(answer.missing_ranges());
    source.Rewind();
  }
}

bool DocumentReading::WaitForAnotherTry(const absl::Status& status, int attempt) {
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
  parts_.interrupt.WaitFor(seconds);
  return true;
}

ReadingOutcome DocumentReading::Conclude(const DocumentRun& run, absl::Status status,
                                         TextSink& sink) {
  ReadingOutcome outcome{.pages_read = run.pages_done() - run.pages_failed(),
                         .pages_failed = run.pages_failed()};
  std::string path;
  if (status.ok() || run.pages_done() > 0) {
    auto committed = sink.Commit(status.ok());
    if (committed.ok()) path = *committed;
    if (status.ok()) status = committed.status();
    // With pages that failed the record stays: the next call with --resume tries those again.
    if (status.ok() && journal_ != nullptr && run.pages_failed() == 0)
      status = journal_->Complete();
  }
  const std::string name = Printable(input_.name);
  if (!status.ok()) {
    outcome.sentence = Printable(std::string(status.message()));
    if (run.accepted()) {
      absl::StrAppendFormat(&outcome.sentence, " (%d of %d pages done)", run.pages_done(),
                            run.selected_pages());
    }
    outcome.code = ExitCodeFor(status);
    // A sentence about a file names it already, and one about the server is about no file.
    const bool names_itself =
        outcome.code == kExitFile || (outcome.code == kExitNoServer && !run.accepted());
    if (outcome.code != kExitPipeClosed) {
      Say(names_itself ? outcome.sentence : absl::StrCat(name, ": ", outcome.sentence));
    }
    if (!path.empty()) Say(absl::StrCat("the finished pages are in ", Printable(path)));
    return outcome;
  }
  const bool tell = parts_.terminals.stderr_is_terminal && !config_.quiet;
  if (config_.summary || tell) {
    parts_.progress.Say(FormatSummary(input_.name, *run.summary(), config_.summary));
    if (!path.empty()) {
      parts_.progress.Say(absl::StrCat("  written to ", Printable(path), "\n"));
    }
  }
  if (run.pages_failed() == 0) return outcome;
  outcome.code = kExitPagesFailed;
  outcome.sentence =
      absl::StrFormat("%d of %d pages failed", run.pages_failed(), run.selected_pages());
  return outcome;
}

}  // namespace quire::client
