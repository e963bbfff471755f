#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/interrupt.h"

namespace quire::client {

// What a server answered, its body aside.
struct HttpReply {
  int status = 0;                              // 200, 302, 404, ...
  std::map<std::string, std::string> headers;  // names in lower case
  // A header's value; empty where there is none.
  std::string Header(const std::string& name) const;
};

// One request and what becomes of its body.
struct HttpRequest {
  std::string url;            // http:// or https://
  bool head = false;          // HEAD instead of GET
  std::string bearer_token;   // empty: none
  uint64_t from_byte = 0;     // above 0: asks for the rest from there on
  double stall_seconds = 30;  // without a byte
  // Called once for 200 and 206, before the body; then for each piece of it. An error ends the
  // request.
  std::function<absl::Status(const HttpReply&)> on_start;
  std::function<absl::Status(std::string_view)> on_body;
};

// Sends it and follows nothing: a redirect is a reply. The callbacks' errors, InterruptedError, or
// Unavailable with what went wrong on the way (no address, refused, cut off, stalled, TLS).
// Thread-safe.
absl::StatusOr<HttpReply> SendHttp(const HttpRequest& request, const Interrupt& interrupt);

// "https://host:port" of a URL, default ports left out; empty for anything but http and https.
std::string OriginOf(const std::string& url);
// `location` of a redirect as a whole URL; empty where that is neither http nor https, or leaves
// https.
std::string ResolveLocation(const std::string& url, const std::string& location);
// Whether a URL's host is this machine.
bool IsLoopback(const std::string& url);

}  // namespace quire::client
