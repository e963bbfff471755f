#pragma once

#include <string>
#include <vector>

#include "client/json_format.h"
#include "quire/v1/ocr.pb.h"

namespace quire::client {

// What a timeline is drawn from. Times are seconds since the document's half-close.
struct TracedDocument {
  std::string name;  // any bytes
  v1::DocumentAccepted accepted;
  std::vector<v1::PageResult> pages;
  struct Failure {
    v1::PageFailed page;
    double seconds = 0;  // when the client heard of it
  };
  std::vector<Failure> failures;
  v1::DocumentSummary summary;
};

// A document's timeline in Chrome's trace format (JSON object with traceEvents): rows for the upload,
// each renderer at work, the number of pages that wait, each worker's places with the stages of the
// pages in them, and each page with all of its stages and its waiting. A stage of the device that
// takes turns with other pages is drawn to its end, with the seconds that it had as busy_seconds.
Json TimelineOf(const TracedDocument& document);

}  // namespace quire::client
