#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/interrupt.h"
#include "client/models/file_digest.h"
#include "client/models/http.h"
#include "proto/checkpoint/model_cache.h"

namespace quire::client {

// A file of a model on the hub.
struct RemoteFile {
  std::string name;
  std::string url;
  uint64_t size_bytes = 0;
  KnownDigest digest;
};

// A revision of a model on the hub.
struct RemoteModel {
  std::string commit;              // 40 hexadecimal digits
  std::vector<std::string> names;  // weights, JSON files, licence and README
};

// A Hugging Face hub, or what speaks like one. Errors say what to do; those with a RetryInfo are
// worth another try: RESOURCE_EXHAUSTED (429, 503: the hub is busy), UNAVAILABLE (it cannot be
// reached, or cut the answer off). NOT_FOUND: no such repository, revision or file;
// PERMISSION_DENIED: it asks for a token, or refuses this one; DATA_LOSS: an answer that makes no
// sense. Thread-safe.
class Hub {
 public:
  struct Options {
    std::string endpoint;  // "https://huggingface.co"
    std::string token;     // sent to `endpoint` alone, never where it redirects to
    double stall_seconds = 30;
  };
  // `interrupt` outlives it.
  Hub(Options options, const Interrupt& interrupt)
      : options_(std::move(options)), interrupt_(interrupt) {}

  // FailedPrecondition where the endpoint is no URL, or the token would go through the net in
  // clear.
  absl::Status Check() const;
  // Commit and file names of a revision.
  absl::StatusOr<RemoteModel> List(const Repository& repository) const;
  // Size and digest of a file, from the headers.
  absl::StatusOr<RemoteFile> Look(const Repository& repository, const std::string& commit,
                                  const std::string& name) const;
  // Sends `request`, follows redirects (never from https to http) and turns refusals into errors.
  //   request.bearer_token  is set here
  absl::StatusOr<HttpReply> Get(HttpRequest request) const;

 private:
  // Follows redirects while the reply does not tell a digest, but not to another host.
  absl::StatusOr<HttpReply> Head(const std::string& url) const;
  absl::StatusOr<HttpReply> SendOnce(HttpRequest request) const;
  absl::Status Refusal(const HttpReply& reply, const std::string& url) const;

  const Options options_;
  const Interrupt& interrupt_;
};

}  // namespace quire::client
