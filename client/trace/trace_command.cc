#include "client/trace/trace_command.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/document_source.h"
#include "client/json_format.h"
#include "client/page_format.h"
#include "client/text_sink.h"
#include "client/trace/timeline.h"
#include "proto/mutex.h"
#include "proto/status.h"

namespace quire::client {
namespace {

using Clock = std::chrono::steady_clock;

// Notes a document's answer. Two threads: the sending one, and the reading one.
class Notes {
 public:
  explicit Notes(TracedDocument& document) : document_(document) {}

  // The last piece that was sent is the nearest to the half-close that a client sees.
  void OnSent() {
    MutexLock lock(mutex_);
    sent_ = Clock::now();
  }
  absl::Status OnEvent(const v1::RecognizeResponse& event) {
    if (event.has_accepted()) document_.accepted = event.accepted();
    if (event.has_summary()) document_.summary = event.summary();
    if (event.has_page_result()) {
      v1::PageResult& page = document_.pages.emplace_back(event.page_result());
      page.clear_markdown();  // only times are wanted
      page.clear_text();
    }
    if (event.has_page_failed()) {
      MutexLock lock(mutex_);
      const std::chrono::duration<double> since = Clock::now() - sent_;
      document_.failures.push_back({event.page_failed(), since.count()});
    }
    return absl::OkStatus();
  }

 private:
  TracedDocument& document_;
  Mutex mutex_;
  Clock::time_point sent_ ABSL_GUARDED_BY(mutex_) = Clock::now();
};

absl::Status Write(const std::string& path, const std::string& text) {
  if (path.empty()) return MakeStdoutSink()->Write(text);
  const std::filesystem::path file(path);
  const std::string folder = file.has_parent_path() ? file.parent_path().string() : ".";
  QUIRE_ASSIGN_OR_RETURN(const std::unique_ptr<TextSink> sink,
                         MakeFileSink(folder, file.stem().string(), file.extension().string()));
  QUIRE_RETURN_IF_ERROR(sink->Write(text));
  return sink->Commit(/*complete=*/true).status();
}

absl::Status Trace(const TraceConfig& config, OcrClient& client, Interrupt& interrupt,
                   TracedDocument& document) {
  QUIRE_ASSIGN_OR_RETURN(const v1::RecognizeOptions options, OptionsFor(config.choice));
  QUIRE_ASSIGN_OR_RETURN(DocumentSource source, DocumentSource::Open(config.file, interrupt));
  document.name = config.file == "-" ? "standard input" : config.file;
  Notes notes(document);
  return client.Recognise(
      {.options = options,
       .on_event = [&](const v1::RecognizeResponse& event) { return notes.OnEvent(event); },
       .on_sent = [&](int64_t) { notes.OnSent(); }},
      source);
}

}  // namespace

ExitCode RunTrace(const TraceConfig& config, OcrClient& client, Interrupt& interrupt) {
  TracedDocument document;
  const ExitCode read = SayOutcome(Trace(config, client, interrupt, document));
  if (document.pages.empty() && document.failures.empty()) return read;
  const ExitCode written = SayOutcome(Write(config.output_file, Dump(TimelineOf(document)) + "\n"));
  if (written != kExitOk || read != kExitOk) return Worse(read, written);
  return document.failures.empty() ? kExitOk : kExitPagesFailed;
}

}  // namespace quire::client
