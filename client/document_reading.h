#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "client/config.h"
#include "client/document_run.h"
#include "client/exit_code.h"
#include "client/file_list.h"
#include "client/file_lock.h"
#include "client/interrupt.h"
#include "client/ocr_client.h"
#include "client/pause.h"
#include "client/progress.h"
#include "client/report/report.h"
#include "client/resume/page_journal.h"
#include "client/text_sink.h"
#include "quire/v1/ocr.pb.h"

namespace quire::client {

// Which of the standard streams are terminals.
struct Terminals {
  bool stdout_is_terminal = false;
  bool stderr_is_terminal = false;  // that can redraw a line
  bool can_redraw = false;          // TERM says that terminals here can
};

// What the documents of one `quire recognise` share; all of it outlives their readings.
struct ReadingParts {
  const RecogniseConfig& config;
  const Terminals terminals;
  const v1::RecognizeOptions& request;
  OcrClient& client;
  Interrupt& interrupt;
  Progress& progress;
  Report* report;  // none where none was asked for
  Pause* pause;    // none where nobody can ask for one
};

// How a document ended.
struct ReadingOutcome {
  ExitCode code = kExitOk;
  std::string sentence;  // for the closing list; empty for kExitOk
  int pages_read = 0;
  int pages_failed = 0;
};

// One document's way from its file to its output: sent, tried again while the server is busy,
// paused, written, and kept for --resume. One thread.
class DocumentReading {
 public:
  DocumentReading(const ReadingParts& parts, const InputFile& input)
      : parts_(parts), config_(parts.config), input_(input) {}

  // Call once. Says on standard error what went wrong.
  ReadingOutcome Run();

 private:
  // The record of the pages that are in the output folder; none for what goes to standard output
  // or comes from standard input. The errors of FileLock.
  absl::Status OpenJournal();
  // Whether an earlier call has written all of the document; says so.
  bool IsReadAlready() const;
  absl::StatusOr<std::unique_ptr<TextSink>> MakeSink() const;
  std::unique_ptr<DocumentWriter> MakeWriter(TextSink& sink) const;
  absl::Status Transfer(DocumentRun& run);
  // Calls the server until the document is read, given up or cancelled.
  absl::Status Call(const v1::RecognizeOptions& request, DocumentSource& source,
                    const RecogniseCall::OnEventFunction& on_event);
  // Whether another try is worth it; waits before it says so.
  bool WaitForAnotherTry(const absl::Status& status, int attempt);
  ReadingOutcome Conclude(const DocumentRun& run, absl::Status status, TextSink& sink);
  ReadingOutcome Fail(const absl::Status& status);
  void Say(const std::string& text) const;

  const ReadingParts& parts_;
  const RecogniseConfig& config_;
  const InputFile& input_;
  FileLock lock_;
  std::unique_ptr<PageJournal> journal_;
};

}  // namespace quire::client
