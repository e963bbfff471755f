#include "server/recognition.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/rich_status.h"
#include "proto/status.h"
#include "server/recognize_options.h"
#include "server/stage_sum.h"

namespace quire::server {
namespace {

std::string NextDocumentId() {
  static std::atomic<uint64_t> next = 1;
  return absl::StrCat("document-", next++);
}

}  // namespace

Recognition::Recognition(const RecognitionParts& parts, Caller caller, std::string traceparent,
                         RecognitionStream& stream, bool one_prompt)
    : parts_(parts),
      caller_(std::move(caller)),
      traceparent_(std::move(traceparent)),
      stream_(stream),
      one_prompt_(one_prompt),
      document_id_(NextDocumentId()) {}

Recognition::~Recognition() {
  if (number_.has_value()) parts_.dispatcher.Remove(*number_);
}

void Recognition::Start() {
  auto ticket = parts_.admission.Enter(
      {.waiting_pages = parts_.dispatcher.waiting_pages(),
       .opened_documents = parts_.dispatcher.documents(),
       .model_known = !parts_.registry.known_models().empty(),
       .worker_may_come = parts_.registry.any_attached() || parts_.worker_may_come()},
      caller_);
  if (!ticket.ok()) {
    parts_.metrics.Rejected(ReasonOf(ticket.status()));
    return Finish(ticket.status());
  }
  ticket_ = *std::move(ticket);
  auto file = parts_.spool.Create();
  if (!file.ok()) return Finish(file.status());
  spool_file_ = *std::move(file);
  WatchForStall();
  stream_.Read();
}

double Recognition::SecondsSince(Clock::time_point then) const {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

void Recognition::OnMessage(quire::v1::RecognizeRequest request) {
  if (finished_) return;
  if (const absl::Status status = Take(std::move(request)); !status.ok()) Finish(status);
}

absl::Status Recognition::Take(quire::v1::RecognizeRequest request) {
  QUIRE_RETURN_IF_ERROR(upload_.Accept(request));
  if (request.has_options()) {
    options_ = std::move(*request.mutable_options());
    last_byte_ = Clock::now();
    QUIRE_RETURN_IF_ERROR(CheckOptions(options_, parts_.registry.known_models()));
  }
  if (request.chunk().empty()) {
    stream_.Read();
    return absl::OkStatus();
  }
  parts_.metrics.Received(static_cast<int64_t>(request.chunk().size()));
  parts_.spool_writer.Append(
      spool_file_, std::move(*request.mutable_chunk()),
      [self = weak_from_this(), &loop = parts_.loop](absl::Status status) {
        loop.Post([self, status = std::move(status)] {
          if (auto recognition = self.lock()) recognition->OnStored(status);
        });
      });
  return absl::OkStatus();
}

void Recognition::OnStored(const absl::Status& status) {
  if (finished_) return;
  if (!status.ok()) return Finish(status);
  last_byte_ = Clock::now();
  stream_.Read();
}

void Recognition::OnHalfClose() {
  if (finished_) return;
  is_uploading_ = false;
  half_closed_ = Clock::now();
  summary_.mutable_seconds()->set_upload(SecondsSince(started_));
  if (const absl::Status status = upload_.End(); !status.ok()) return Finish(status);
  parts_.render_pool.Open(
      spool_file_->fd(), spool_file_->size(),
      {.password = options_.password(), .frames = options_.frames()},
      [self = weak_from_this(),
       &loop = parts_.loop](absl::StatusOr<OpenedDocument> opened) mutable {
        loop.Post([self, opened = std::move(opened)]() mutable {
          if (auto recognition = self.lock()) recognition->OnOpened(std::move(opened));
        });
      });
}

void Recognition::OnOpened(absl::StatusOr<OpenedDocument> opened) {
  if (finished_) return;
  if (!opened.ok()) return Finish(opened.status());
  if (const absl::Status status = Accept(*std::move(opened)); !status.ok()) return Finish(status);
  Pump();
}

absl::Status Recognition::Accept(OpenedDocument opened) {
  if (opened.pages < 1) {
    return MakeError(absl::StatusCode::kInvalidArgument, "NO_PAGES", "the document has no pages");
  }
  QUIRE_ASSIGN_OR_RETURN(const PageRanges asked, PageRanges::Parse(options_.page_ranges()));
  if (one_prompt_ && asked.pages() > opened.pages) {
    return MakeError(absl::StatusCode::kInvalidArgument, "PAGE_OUT_OF_RANGE",
                     absl::StrCat("pages_in_prompt is ", asked.pages(), ", the document has ",
                                  opened.pages, opened.pages == 1 ? " page" : " pages"));
  }
  QUIRE_ASSIGN_OR_RETURN(PageRanges pages, asked.Within(opened.pages));
  const int pages_in_prompt = one_prompt_ ? pages.pages() : 1;
  if (one_prompt_) pages = PageRanges::Parse("1").value();
  selected_pages_ = pages.pages();
  if (options_.ordered()) outbox_.SetOrder(pages);
  quire::v1::RecognizeResponse response;
  quire::v1::DocumentAccepted& accepted = *response.mutable_accepted();
  accepted.set_document_id(document_id_);
  accepted.set_request_id(options_.request_id());
  accepted.set_format(opened.format);
  accepted.set_document_pages(opened.pages);
  accepted.set_selected_pages(selected_pages_);
  accepted.set_document_bytes(upload_.bytes());
  accepted.set_pages_ahead(parts_.dispatcher.pages_left());
  outbox_.Push(std::move(response));
  number_ = parts_.dispatcher.Add(
      {.render = std::move(opened.document),
       .options = options_,
       .pages = pages,
       .pages_in_prompt = pages_in_prompt,
       .document_id = document_id_,
       .traceparent = traceparent_},
      *this);
  return absl::OkStatus();
}

void Recognition::OnPageStarted(int page_number, int attempt, const std::string& worker_id) {
  quire::v1::PageStarted started;
  started.set_page_number(page_number);
  started.set_attempt(attempt);
  started.set_worker_id(worker_id);
  outbox_.PushStarted(std::move(started));
  Pump();
}

void Recognition::OnPageText(int page_number, int attempt, std::string text) {
  if (!options_.stream_text() || text.empty()) return;
  outbox_.PushText(page_number, attempt, std::move(text));
  Pump();
}

void Recognition::OnPageRead(quire::v1::PageResult page, const PageImages& images) {
  if (summary_.pages_read() == 0) {
    summary_.set_first_page_seconds(SecondsSince(half_closed_));
    parts_.metrics.FirstPage(summary_.first_page_seconds());
  }
  summary_.set_pages_read(summary_.pages_read() + 1);
  summary_.set_output_tokens(summary_.output_tokens() + page.output_tokens());
  AddStages(page.seconds(), *summary_.mutable_seconds());
  page.mutable_seconds()->set_upload(summary_.seconds().upload());
  parts_.metrics.PageRead(page);
  LogPage(page);
  const int page_number = page.page_number();
  quire::v1::RecognizeResponse end;
  *end.mutable_page_result() = std::move(page);
  EndPage(page_number, images, std::move(end));
}

void Recognition::OnPageFailed(int page_number, int attempts, const absl::Status& status) {
  summary_.set_pages_failed(summary_.pages_failed() + 1);
  Line("page failed")
      .Add("page", page_number)
      .Add("attempts", attempts)
      .Add("code", absl::StatusCodeToString(status.code()))
      .Add("reason", ReasonOf(status))
      .Write();
  quire::v1::RecognizeResponse end;
  end.mutable_page_failed()->set_page_number(page_number);
  end.mutable_page_failed()->set_attempts(attempts);
  *end.mutable_page_failed()->mutable_status() = ToProto(status);
  EndPage(page_number, {}, std::move(end));
}

std::optional<quire::v1::OpenDocument> Recognition::Progress() const {
  if (finished_ || ticket_ == nullptr) return std::nullopt;
  quire::v1::OpenDocument document;
  document.set_document_id(document_id_);
  document.set_pages(selected_pages_);
  document.set_pages_done(summary_.pages_read() + summary_.pages_failed());
  document.set_age_seconds(SecondsSince(started_));
  return document;
}

void Recognition::OnNoWorker(const absl::Status& status) { Finish(status); }

void Recognition::EndPage(int page_number, const PageImages& images,
                          quire::v1::RecognizeResponse end) {
  outbox_.PushEnd(page_number, images, std::move(end));
  if (summary_.pages_read() + summary_.pages_failed() == selected_pages_) PushSummary();
  Pump();
}

void Recognition::PushSummary() {
  summary_.set_total_seconds(SecondsSince(half_closed_));
  quire::v1::RecognizeResponse response;
  *response.mutable_summary() = summary_;
  outbox_.Push(std::move(response));
  summary_pushed_ = true;
}

// Starts the next write when none is in flight.
void Recognition::Pump() {
  if (finished_ || is_writing_) return;
  std::optional<Outbox::Message> next = outbox_.Next();
  if (!next.has_value()) {
    if (summary_pushed_) Finish(absl::OkStatus());
    return;
  }
  is_writing_ = true;
  ends_page_ = next->ends_page;
  write_began_ = Clock::now();
  stream_.Write(std::move(next->response));
}

void Recognition::OnWritten(bool ok) {
  is_writing_ = false;
  if (finished_ || !ok) return;  // a broken stream is cancelled too
  if (std::exchange(ends_page_, false)) parts_.dispatcher.Delivered(*number_);
  Pump();
}

void Recognition::OnCancelled() {
  Finish(MakeError(absl::StatusCode::kCancelled, "CANCELLED",
                   "the client cancelled, its deadline passed, or it went away"));
}

absl::Status Recognition::Stalled() const {
  if (is_uploading_ && SecondsSince(last_byte_) >= parts_.limits.upload_stall_seconds) {
    return MakeError(absl::StatusCode::kDeadlineExceeded, "UPLOAD_STALLED",
                     absl::StrCat("no byte of the document came for ",
                                  parts_.limits.upload_stall_seconds,
                                  " s (--upload-stall-seconds), after ", upload_.bytes(),
                                  " bytes; half-close the stream once the document is sent"));
  }
  if (is_writing_ && SecondsSince(write_began_) >= parts_.limits.client_stall_seconds) {
    return MakeError(absl::StatusCode::kDeadlineExceeded, "CLIENT_STALLED",
                     absl::StrCat("the client took no message for ",
                                  parts_.limits.client_stall_seconds,
                                  " s (--client-stall-seconds); read the answers as they come"));
  }
  return absl::OkStatus();
}

// Looks again when the earliest of the two limits could have passed; what begins after this look is
// allowed the client's limit.
void Recognition::WatchForStall() {
  if (finished_) return;
  if (const absl::Status stalled = Stalled(); !stalled.ok()) {
    return Finish(stalled, /*abandon=*/!is_uploading_);
  }
  const auto after = [](Clock::time_point since, double seconds) {
    return since + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  };
  const FrontLimits& limits = parts_.limits;
  Clock::time_point next =
      after(is_writing_ ? write_began_ : Clock::now(), limits.client_stall_seconds);
  if (is_uploading_) next = std::min(next, after(last_byte_, limits.upload_stall_seconds));
  parts_.loop.PostAt(next, [self = weak_from_this()] {
    if (auto recognition = self.lock()) recognition->WatchForStall();
  });
}

void Recognition::Finish(const absl::Status& status, bool abandon) {
  if (std::exchange(finished_, true)) return;
  if (number_.has_value()) parts_.dispatcher.Remove(*std::exchange(number_, std::nullopt));
  if (ticket_ != nullptr) {
    parts_.metrics.DocumentEnded(status.code());
    LogEnd(status);
  }
  stream_.Finish(status, abandon);
  spool_file_ = nullptr;
  ticket_ = nullptr;
}

// Every line about this document begins so.
LogLine Recognition::Line(const char* what) const {
  LogLine line(what);
  line.Add("document", document_id_)
      .Add("request_id", options_.request_id())
      .Add("caller", caller_.name)
      .Add("traceparent", traceparent_);
  return line;
}

void Recognition::LogPage(const quire::v1::PageResult& page) const {
  const quire::v1::StageSeconds& seconds = page.seconds();
  Line("page read")
      .Add("page", page.page_number())
      .Add("worker", page.worker_id())
      .Add("attempts", page.attempts())
      .Add("output_tokens", page.output_tokens())
      .Add("seconds", page.total_seconds())
      .Add("upload_seconds", seconds.upload())
      .Add("queue_seconds", seconds.queue())
      .Add("render_seconds", seconds.render())
      .Add("transfer_seconds", seconds.transfer())
      .Add("preprocess_seconds", seconds.preprocess())
      .Add("tokenize_seconds", seconds.tokenize())
      .Add("vision_seconds", seconds.vision())
      .Add("prefill_seconds", seconds.prefill())
      .Add("decode_seconds", seconds.decode())
      .Add("postprocess_seconds", seconds.postprocess())
      .Write();
}

void Recognition::LogEnd(const absl::Status& status) const {
  Line("document ended")
      .Add("bytes", static_cast<int64_t>(upload_.bytes()))
      .Add("pages", selected_pages_)
      .Add("read", summary_.pages_read())
      .Add("failed", summary_.pages_failed())
      .Add("seconds", SecondsSince(started_))
      .Add("code", absl::StatusCodeToString(status.code()))
      .Add("reason", ReasonOf(status))
      .Write();
}

}  // namespace quire::server
