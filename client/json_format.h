#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "quire/v1/ocr.pb.h"

namespace quire::client {

// Keys keep their order. The schema is written down in client/README.md.
using Json = nlohmann::ordered_json;

// A page that was read. `raw_output` is there when the server sent it.
Json PageToJson(const v1::PageResult& page);
// A page that failed.
Json FailedPageToJson(const v1::PageFailed& page);
// What is known of a document before its pages.
//   name  may hold any bytes; what is not UTF-8 becomes U+FFFD in Dump
Json DocumentToJson(const std::string& name, const v1::DocumentAccepted& accepted);
Json SummaryToJson(const v1::DocumentSummary& summary);
// {"code", "reason", "message"}; null for OK.
Json ErrorToJson(const absl::Status& status);
// Seconds by stage, in the order of the stages.
Json SecondsToJson(const v1::StageSeconds& seconds);

// One line of UTF-8 without spaces.
std::string Dump(const Json& json);

}  // namespace quire::client
