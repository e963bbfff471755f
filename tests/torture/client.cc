#include "tests/torture/client.h"

#include <cstdio>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/service/running_service.h"
#include "tests/torture/documents.h"

namespace quire {
namespace {

using Clock = Stop::Clock;

constexpr size_t kChunk = 256 << 10;

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return arguments;
}

}  // namespace

TortureClient::TortureClient(RunParts& parts, const std::string& address, unsigned seed)
    : parts_(parts),
      random_(seed),
      stub_(v1::OcrService::NewStub(grpc::CreateCustomChannel(
          address, grpc::InsecureChannelCredentials(), Arguments()))) {}

void TortureClient::Run() {
  while (!parts_.stop.over()) ReadDocument();
}

int TortureClient::Pages() {
  const int kind = Between(random_, 1, 100);
  return kind <= 40 ? 1 : kind <= 90 ? Between(random_, 2, 40) : kind <= 99 ? 300 : 3000;
}

void TortureClient::ReadDocument() {
  Document document;
  // Nano gets one page in nine and more, so that a tenth of all is surely its.
  document.for_nano = !parts_.nano_texts.empty() &&
                      parts_.counts.nano_pages * 8 < parts_.counts.other_pages;
  const int pages = document.for_nano ? Between(random_, 1, 8) : Pages();
  document.first_code = Between(random_, 0, (document.for_nano ? kNanoCodes : kCodes) - 1);
  // One in four lies on the disk.
  const int padding = Between(random_, 1, 4) == 1 ? 1'500'000 : 0;
  document.bytes = document.for_nano ? NanoDocument(document.first_code, pages)
                                     : PlainDocument(document.first_code, pages, padding);
  document.number = parts_.books.Owe(pages);
  if (Between(random_, 1, 8) == 1) {  // this one changes its mind
    Call(document, Between(random_, 0, pages));
    return parts_.books.Forget(document.number);
  }
  // Past the end of the run it still finishes what it began, in a quiet service.
  const auto give_up = parts_.stop.end() + std::chrono::seconds(120);
  while (!parts_.books.Missing(document.number).empty() && Clock::now() < give_up) {
    if (!Call(document, -1)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(Between(random_, 20, 200)));
    }
  }
}

// Asks for what is missing; false when it is best to wait a moment.
//   cancel_after  events, or -1
bool TortureClient::Call(const Document& document, int cancel_after) {
  ++parts_.counts.calls;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(3));
  const auto stream = stub_->Recognize(&context);
  std::thread upload([&] { Upload(document, *stream); });
  const bool slow = document.bytes.size() < 200'000 && Between(random_, 1, 6) == 1;
  v1::RecognizeResponse event;
  bool told_end = false;
  int pages = 0;
  while (stream->Read(&event)) {
    if (event.has_page_result()) {
      Take(document, event.page_result());
      ++pages;
    }
    if (event.has_page_failed()) ++parts_.counts.failed_pages;
    told_end = told_end || event.has_summary();
    if (slow) std::this_thread::sleep_for(std::chrono::milliseconds(Between(random_, 0, 30)));
    if (cancel_after >= 0 && cancel_after-- == 0) context.TryCancel();
  }
  upload.join();
  const grpc::Status status = stream->Finish();
  if (!IsExpected(status, told_end, pages)) {
    ++parts_.counts.unexpected;
    std::fprintf(stderr, "unexpected after %d pages of document %d for %s: %d %s %s\n", pages,
                 document.number, document.for_nano ? kNano : "fake", status.error_code(),
                 Reason(status).c_str(), status.error_message().c_str());
  }
  return status.ok();
}

// Counts how a call ended; false when it may not end so.
//   pages  that it gave
bool TortureClient::IsExpected(const grpc::Status& status, bool told_end, int pages) {
  Counts& counts = parts_.counts;
  const std::string reason = Reason(status);
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return told_end;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      ++(reason == "SPOOL_FULL" ? counts.disk_full : counts.refused);
      return true;
    case grpc::StatusCode::UNAVAILABLE:
      ++counts.broken;
      return true;
    case grpc::StatusCode::CANCELLED:
      return true;
    case grpc::StatusCode::INVALID_ARGUMENT:
      // The renderer that opened the document was frozen, or two of them were killed.
      if (reason == "RENDER_TIMEOUT" || reason == "RENDER_DIED") {
        ++counts.failed_opens;
        return true;
      }
      // A front that has just started has not met nano yet.
      if (reason == "UNKNOWN_MODEL") ++counts.broken;
      return reason == "UNKNOWN_MODEL";
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      // The client's own deadline, which a document of 3,000 pages among others may not meet.
      if (!reason.empty() || pages == 0) return false;
      ++counts.late;
      return true;
    default:
      return false;
  }
}

void TortureClient::Upload(const Document& document, Stream& stream) {
  v1::RecognizeRequest request;
  v1::RecognizeOptions& options = *request.mutable_options();
  options.set_page_ranges(Ranges(parts_.books.Missing(document.number)));
  options.set_request_id(absl::StrCat("document-", document.number));
  options.set_model(document.for_nano ? kNano : "fake");
  if (document.for_nano) AskNano(options);
  if (!stream.Write(request)) return;
  for (size_t at = 0; at < document.bytes.size(); at += kChunk) {
    request.set_chunk(document.bytes.substr(at, kChunk));
    if (!stream.Write(request)) return;
  }
  stream.WritesDone();
}

void TortureClient::Take(const Document& document, const v1::PageResult& page) {
  const int codes = document.for_nano ? kNanoCodes : kCodes;
  const auto& texts = document.for_nano ? parts_.nano_texts : parts_.texts;
  const std::string& expected = texts.at(CodeOf(document.first_code, page.page_number(), codes));
  if (page.markdown() != expected && document.for_nano) {
    std::fprintf(stderr, "nano read '%s' for '%s'\n", page.markdown().c_str(), expected.c_str());
  }
  ++(document.for_nano ? parts_.counts.nano_pages : parts_.counts.other_pages);
  parts_.books.Got(document.number, page.page_number(), page.markdown() == expected);
  const bool plants = planted_ == 0 && parts_.settings.plant == "double";
  if (plants) parts_.books.Got(document.number, page.page_number(), true);
  planted_ += plants ? 1 : 0;
}

}  // namespace quire
