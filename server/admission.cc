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

AdmissionTicket::~AdmissionTicket() { admission_.Leave(caller_); }

absl::StatusOr<std::unique_ptr<AdmissionTicket>> Admission::Enter(
    const Surroundings& surroundings, const Caller& caller) {
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
  const auto found = of_callers_.find(caller.name);
  const int own = found == of_callers_.end() ? 0 : found->second;
  if (caller.max_documents > 0 && own >= caller.max_documents) {
    return Full("TOO_MANY_DOCUMENTS_OF_TOKEN",
                absl::StrCat(own, " documents of the token '", caller.name,
                             "' are being read, at most ", caller.max_documents,
                             " may be at once (documents=N in --client-token-file); try again in a "
                             "moment"),
                caller.max_documents);
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
  ++of_callers_[caller.name];
  return std::make_unique<AdmissionTicket>(*this, caller.name);
}

void Admission::BeginDrain(std::function<void()> on_empty) {
  draining_ = true;
  on_empty_ = std::move(on_empty);
  if (documents_ == 0 && on_empty_) std::exchange(on_empty_, nullptr)();
}

void Admission::Leave(const std::string& caller) {
  --documents_;
  if (--of_callers_[caller] == 0) of_callers_.erase(caller);
  if (draining_ && documents_ == 0 && on_empty_) std::exchange(on_empty_, nullptr)();
}

}  // namespace quire::server
