#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "server/token_file.h"

namespace quire::server {

class Admission;

// A document's place among those in work; given back when this goes.
class AdmissionTicket {
 public:
  AdmissionTicket(Admission& admission, std::string caller)
      : admission_(admission), caller_(std::move(caller)) {}
  ~AdmissionTicket();
  AdmissionTicket(const AdmissionTicket&) = delete;
  AdmissionTicket& operator=(const AdmissionTicket&) = delete;

 private:
  Admission& admission_;      // outlives its tickets
  const std::string caller_;  // whose it counts as
};

// Which documents may come in. Pure but for the count that it keeps; one thread.
class Admission {
 public:
  Admission(int max_documents, int max_waiting_pages)
      : max_documents_(max_documents), max_waiting_pages_(max_waiting_pages) {}

  // What the rest of the front looks like when a document knocks.
  struct Surroundings {
    int waiting_pages = 0;        // pages of documents that were opened
    int opened_documents = 0;     // each of the others counts as one page that waits
    bool model_known = false;     // some worker has attached since the start
    bool worker_may_come = true;  // one is attached, is being started or may dial in
  };

  // ResourceExhausted with RetryInfo (reasons TOO_MANY_DOCUMENTS, TOO_MANY_DOCUMENTS_OF_TOKEN,
  // QUEUE_FULL), or Unavailable
  // (reasons DRAINING, NO_WORKER; with RetryInfo where waiting can help).
  absl::StatusOr<std::unique_ptr<AdmissionTicket>> Enter(const Surroundings& surroundings,
                                                         const Caller& caller = {});

  // From now on nobody comes in; `on_empty` is called once, when nobody is in any more (perhaps at
  // once).
  void BeginDrain(std::function<void()> on_empty);
  bool draining() const { return draining_; }
  int documents() const { return documents_; }

 private:
  friend class AdmissionTicket;
  void Leave(const std::string& caller);

  const int max_documents_;
  const int max_waiting_pages_;
  int documents_ = 0;
  std::map<std::string, int> of_callers_;  // documents by name, of those that have any
  bool draining_ = false;
  std::function<void()> on_empty_;
};

}  // namespace quire::server
