#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "proto/metrics_endpoint.h"
#include "proto/mutex.h"
#include "quire/v1/ocr.pb.h"

namespace quire::server {

// The page's own files, from server/status_page/.
extern const char kStatusHtml[];
extern const char kStatusCss[];
extern const char kStatusJs[];

// A page for browsers beside /metrics that shows what WatchStatus tells, again and again: it polls
// /status.json and needs nothing from elsewhere. Thread-safe.
class StatusPage {
 public:
  using Ask = std::function<quire::v1::WatchStatusResponse()>;

  // From now on `ask` is asked; it may block for moments.
  void Show(Ask ask);
  // From now on there is nothing to show; returns when nobody asks any more.
  void Hide() { Show(nullptr); }

  // /, /status.css, /status.js and /status.json. The page outlives the endpoint that serves them.
  std::vector<HttpPage> Pages();

 private:
  std::optional<std::string> Json();

  Mutex mutex_;
  Ask ask_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace quire::server
