#include "server/admission.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/rich_status.h"

namespace quire::server {
namespace {

constexpr double kRetrySeconds = 1;

absl::Status Full(const std::string& reason, const std::string& message, int limit) {
  return WithRetryAfter(MakeError(absl::StatusCode::kResourceExhausted, reason, message,
                                  {{"limit", absl::StrCat(limit)}}),
                        kRetrySeconds);
}

}  // namespace

AdmissionTicket::~AdmissionTicket() { admission_.Leave(); }

absl::StatusOr<std::unique_ptr<AdmissionTicket>> Admission::Enter(
    const Surroundings& surroundings) {
  if (draining_) {
    return WithRetryAfter(MakeError(absl::StatusCode::kUnavailable, "DRAINING",
                                    "this server is stopping and takes no new documents; send the "
                                    "document again, to another server or in a moment"),
                          kRetrySeconds);
  }
  if (!surroundings.worker_may_come) {
    return MakeError(absl::StatusCode::kUnavailable, "NO_WORKER",
                     "no worker is attached and none will come: every local worker was given up, "
                     "or the server was started with --workers=none and without --worker-listen; "
                     "its log says why");
  }
  if (!surroundings.model_known) {
    return WithRetryAfter(MakeError(absl::StatusCode::kUnavailable, "NO_WORKER",
                                    "no worker has attached yet (the model is still being "
                                    "loaded); try again in a moment"),
                          kRetrySeconds);
  }
  if (documents_ >= max_documents_) {
    return Full("TOO_MANY_DOCUMENTS",
                absl::StrCat(documents_, " documents are being read, at most ", max_documents_,
                             " may be at once (--max-documents); try again in a moment"),
                max_documents_);
  }
  const int waiting =
      surroundings.waiting_pages + (documents_ - surroundings.opened_documents);
  if (waiting >= max_waiting_pages_) {
    return Full("QUEUE_FULL",
                absl::StrCat(waiting, " pages are waiting, at most ", max_waiting_pages_,
                             " may (--max-waiting-pages); try again in a moment"),
                max_waiting_pages_);
  }
  ++documents_;
  return std::make_unique<AdmissionTicket>(*this);
}

void Admission::BeginDrain(std::function<void()> on_empty) {
  draining_ = true;
  on_empty_ = std::move(on_empty);
  if (documents_ == 0 && on_empty_) std::exchange(on_empty_, nullptr)();
}

void Admission::Leave() {
  --documents_;
  if (draining_ && documents_ == 0 && on_empty_) std::exchange(on_empty_, nullptr)();
}

}  // namespace quire::server
