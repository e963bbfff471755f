#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "proto/log_line.h"
#include "quire/v1/ocr.pb.h"
#include "server/admission.h"
#include "server/dispatcher.h"
#include "server/event_loop.h"
#include "server/limits.h"
#include "server/metrics.h"
#include "server/outbox.h"
#include "server/render_pool.h"
#include "server/spool.h"
#include "server/spool_writer.h"
#include "server/upload.h"

namespace quire::server {

// The client's end of one document: reads and writes, one of each in flight. Called on the loop;
// none of these blocks or calls back.
class RecognitionStream {
 public:
  virtual ~RecognitionStream() = default;
  // Asks for the next message: answered by Recognition::OnMessage() or OnHalfClose().
  virtual void Read() = 0;
  // Answered by Recognition::OnWritten().
  virtual void Write(quire::v1::RecognizeResponse response) = 0;
  // Ends the RPC, once. With `abandon` the client does not take messages: what was written need not
  // arrive.
  virtual void Finish(const absl::Status& status, bool abandon) = 0;
};

// What every recognition needs; all outlive the recognitions.
struct RecognitionParts {
  EventLoop& loop;
  Admission& admission;
  Dispatcher& dispatcher;
  WorkerRegistry& registry;
  RenderPool& render_pool;
  Spool& spool;
  SpoolWriter& spool_writer;
  Metrics& metrics;
  FrontLimits limits;
  std::function<bool()> worker_may_come;  // see Admission::Surroundings
};

// One document's course: let in, received, opened, read, summed up. Lives on the loop.
class Recognition final : public PageListener, public std::enable_shared_from_this<Recognition> {
 public:
  // `stream` outlives the recognition's end: the call to Finish() or to OnCancelled().
  // `traceparent` is that of what follows, see ContinueTrace(). With `one_prompt` the selected
  // pages are the images of one prompt, whose answer is the first page's: they begin with page 1.
  Recognition(const RecognitionParts& parts, Caller caller, std::string traceparent,
              RecognitionStream& stream, bool one_prompt = false);
  ~Recognition() override;

  // Lets the document in, or finishes at once.
  void Start();
  void OnMessage(quire::v1::RecognizeRequest request);
  void OnHalfClose();
  void OnWritten(bool ok);
  // The client cancelled, its deadline passed or it is gone.
  void OnCancelled();
  // The server stops: ends with `status` unless it is over.
  void End(const absl::Status& status) { Finish(status); }
  // How far it is, for who looks at the server; nothing once it is over.
  std::optional<quire::v1::OpenDocument> Progress() const;

  void OnPageStarted(int page_number, int attempt, const std::string& worker_id) override;
  void OnPageText(int page_number, int attempt, std::string text) override;
  void OnPageRead(quire::v1::PageResult page, const PageImages& images) override;
  void OnPageFailed(int page_number, int attempts, const absl::Status& status) override;
  void OnNoWorker(const absl::Status& status) override;

 private:
  using Clock = std::chrono::steady_clock;

  absl::Status Take(quire::v1::RecognizeRequest request);
  void OnStored(const absl::Status& status);
  void OnOpened(absl::StatusOr<OpenedDocument> opened);
  absl::Status Accept(OpenedDocument opened);
  void EndPage(int page_number, const PageImages& images, quire::v1::RecognizeResponse end);
  void PushSummary();
  void Pump();
  void Finish(const absl::Status& status, bool abandon = false);
  LogLine Line(const char* what) const;
  void LogPage(const quire::v1::PageResult& page) const;
  void LogEnd(const absl::Status& status) const;
  void WatchForStall();
  absl::Status Stalled() const;
  double SecondsSince(Clock::time_point then) const;

  const RecognitionParts& parts_;
  const Caller caller_;
  const std::string traceparent_;
  RecognitionStream& stream_;
  const bool one_prompt_;
  const std::string document_id_;
  std::unique_ptr<AdmissionTicket> ticket_;
  Upload upload_;
  quire::v1::RecognizeOptions options_;
  std::shared_ptr<SpoolFile> spool_file_;  // second owner: a write under way
  std::optional<uint64_t> number_;         // the dispatcher's
  Outbox outbox_;
  quire::v1::DocumentSummary summary_;
  int selected_pages_ = 0;
  bool is_uploading_ = true;
  bool is_writing_ = false;
  bool ends_page_ = false;      // the message that is being written ends a page
  bool summary_pushed_ = false;
  bool finished_ = false;
  Clock::time_point started_ = Clock::now();
  Clock::time_point last_byte_ = started_;   // of the upload
  Clock::time_point write_began_ = started_;
  Clock::time_point half_closed_ = started_;
};

// Recognitions that have begun and are not destroyed yet. Lives on the loop.
using OpenRecognitions = std::set<Recognition*>;

}  // namespace quire::server
