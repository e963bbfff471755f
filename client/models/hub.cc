#include "client/models/hub.h"

#include <curl/curl.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "client/page_format.h"
#include "proto/checkpoint/json_fields.h"
#include "proto/rich_status.h"
#include "proto/status.h"

namespace quire::client {
namespace {

constexpr int kMostRedirects = 10;
constexpr size_t kMostListingBytes = 4 << 20;
constexpr size_t kMostFiles = 1000;
constexpr double kWaitSeconds = 0.5;  // before another try, where the hub does not say
constexpr double kMostWaitSeconds = 600;

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// What is fetched: weights, what JSON says of them, and what the licence asks to keep beside them.
bool IsWanted(const std::string& name) {
  if (!IsPlainFileName(name)) return false;
  return absl::EndsWith(name, ".safetensors") || absl::EndsWith(name, ".json") ||
         absl::StartsWith(name, "LICENSE") || name == "README.md";
}

// Seconds, or a date; nothing that is no time.
double RetryAfter(const HttpReply& reply) {
  const std::string text = reply.Header("retry-after");
  double seconds = 0;
  if (!absl::SimpleAtod(text, &seconds)) {
    const time_t when = text.empty() ? -1 : curl_getdate(text.c_str(), nullptr);
    seconds = when < 0 ? kWaitSeconds : std::difftime(when, std::time(nullptr));
  }
  return std::clamp(seconds, 0.0, kMostWaitSeconds);
}

absl::Status Nonsense(const std::string& url, const std::string& what) {
  return absl::DataLossError(absl::StrCat(url, ": ", what));
}

}  // namespace

absl::Status Hub::Check() const {
  if (OriginOf(options_.endpoint).empty()) {
    return absl::FailedPreconditionError(absl::StrCat("HF_ENDPOINT is '",
                                                      Printable(options_.endpoint),
                                                      "'; give http:// or https:// and a host"));
  }
  if (!options_.token.empty() && absl::StartsWith(OriginOf(options_.endpoint), "http:") &&
      !IsLoopback(options_.endpoint)) {
    return absl::FailedPreconditionError(
        "HF_ENDPOINT is no https:// and HF_TOKEN would travel in clear; unset one of them");
  }
  return absl::OkStatus();
}

absl::Status Hub::Refusal(const HttpReply& reply, const std::string& url) const {
  std::string said = reply.Header("x-error-message");
  if (!said.empty()) said = absl::StrCat(" (", Printable(said.substr(0, 200)), ")");
  const std::string answer = absl::StrCat(url, " answers ", reply.status, said, ": ");
  switch (reply.status) {
    case 401:
    case 403:
      return absl::PermissionDeniedError(absl::StrCat(
          answer,
          options_.token.empty()
              ? "it asks for a token; set HF_TOKEN, and accept the model's terms on its page"
              : "it refuses HF_TOKEN; check it, and accept the model's terms on its page"));
    case 404:
      return absl::NotFoundError(
          absl::StrCat(answer, "no such repository, revision or file there"));
    case 429:
    case 503:
      return WithRetryAfter(
          absl::ResourceExhaustedError(absl::StrCat(answer, "it is busy; try later")),
          RetryAfter(reply));
    case 408:
    case 500:
    case 502:
    case 504:
      return WithRetryAfter(absl::UnavailableError(absl::StrCat(answer, "try later")),
                            RetryAfter(reply));
    default:
      return Nonsense(url,
                      absl::StrCat("it answers ", reply.status, said, "; expected 200 or 206"));
  }
}

absl::StatusOr<HttpReply> Hub::SendOnce(HttpRequest request) const {
  const bool is_hub = OriginOf(request.url) == OriginOf(options_.endpoint);
  request.bearer_token = is_hub ? options_.token : "";
  request.stall_seconds = options_.stall_seconds;
  absl::StatusOr<HttpReply> reply = SendHttp(request, interrupt_);
  if (absl::IsUnavailable(reply.status())) return WithRetryAfter(reply.status(), kWaitSeconds);
  return reply;
}

absl::StatusOr<HttpReply> Hub::Get(HttpRequest request) const {
  const std::string first = request.url;
  for (int hop = 0; hop <= kMostRedirects; ++hop) {
    QUIRE_ASSIGN_OR_RETURN(HttpReply reply, SendOnce(request));
    if (reply.status == 200 || reply.status == 206) return reply;
    if (!IsRedirect(reply.status)) return Refusal(reply, request.url);
    const std::string next = ResolveLocation(request.url, reply.Header("location"));
    if (next.empty()) {
      return Nonsense(
          request.url,
          absl::StrCat("it redirects to '", Printable(reply.Header("location")),
                       "'; expected http:// or https://, and no way from the second to the first"));
    }
    request.url = next;
  }
  return Nonsense(first, absl::StrCat("it redirects more than ", kMostRedirects, " times"));
}

absl::StatusOr<HttpReply> Hub::Head(const std::string& first) const {
  std::string url = first;
  for (int hop = 0; hop <= kMostRedirects; ++hop) {
    QUIRE_ASSIGN_OR_RETURN(HttpReply reply, SendOnce({.url = url, .head = true}));
    const bool redirect = IsRedirect(reply.status);
    if (reply.status != 200 && !redirect) return Refusal(reply, url);
    if (!redirect || !reply.Header("x-linked-etag").empty()) return reply;
    const std::string next = ResolveLocation(url, reply.Header("location"));
    if (OriginOf(next) != OriginOf(first)) return reply;
    url = next;
  }
  return Nonsense(first, absl::StrCat("it redirects more than ", kMostRedirects, " times"));
}

absl::StatusOr<RemoteModel> Hub::List(const Repository& repository) const {
  const std::string url =
      absl::StrCat(options_.endpoint, "/api/models/", repository.id, "/revision/",
                   absl::StrReplaceAll(repository.revision, {{"/", "%2F"}}));
  std::string text;
  const auto keep = [&](std::string_view bytes) {
    text.append(bytes);
    return text.size() <= kMostListingBytes
               ? absl::OkStatus()
               : Nonsense(url,
                          absl::StrCat("its listing has more than ", kMostListingBytes, " bytes"));
  };
  QUIRE_RETURN_IF_ERROR(Get({.url = url,
                             .on_start =
                                 [&](const HttpReply&) {
                                   text.clear();
                                   return absl::OkStatus();
                                 },
                             .on_body = keep})
                            .status());
  const absl::StatusOr<nlohmann::json> json = ParseJsonObject(text, kMostListingBytes);
  if (!json.ok()) return Nonsense(url, absl::StrCat("its listing: ", json.status().message()));
  RemoteModel model;
  KnownDigest commit;
  const auto sha = json->find("sha"), files = json->find("siblings");
  if (sha == json->end() || !sha->is_string() || !ParseDigest(sha->get<std::string>(), commit) ||
      commit.kind != DigestKind::kGitBlobSha1 || files == json->end() || !files->is_array() ||
      files->size() > kMostFiles) {
    return Nonsense(url, absl::StrCat("its listing has no commit (\"sha\") or no list of at most ",
                                      kMostFiles, " files (\"siblings\")"));
  }
  model.commit = commit.hex;
  for (const auto& file : *files) {
    const auto name = file.is_object() ? file.find("rfilename") : file.end();
    if (name == file.end() || !name->is_string())
      return Nonsense(url, "its listing has a file without a name");
    if (IsWanted(name->get<std::string>())) model.names.push_back(name->get<std::string>());
  }
  std::sort(model.names.begin(), model.names.end());
  model.names.erase(std::unique(model.names.begin(), model.names.end()), model.names.end());
  return model;
}

absl::StatusOr<RemoteFile> Hub::Look(const Repository& repository, const std::string& commit,
                                     const std::string& name) const {
  RemoteFile file{
      .name = name,
      .url = absl::StrCat(options_.endpoint, "/", repository.id, "/resolve/", commit, "/", name)};
  QUIRE_ASSIGN_OR_RETURN(const HttpReply reply, Head(file.url));
  const bool linked = !reply.Header("x-linked-etag").empty();
  if (!linked && reply.status != 200) {
    return Nonsense(
        file.url, "it redirects to another host and tells no X-Linked-Etag to check the file with");
  }
  const std::string tag = reply.Header(linked ? "x-linked-etag" : "etag");
  absl::string_view bare = tag;
  absl::ConsumePrefix(&bare, "W/");
  absl::ConsumePrefix(&bare, "\"");
  absl::ConsumeSuffix(&bare, "\"");
  if (!ParseDigest({bare.data(), bare.size()}, file.digest)) {
    return Nonsense(file.url,
                    absl::StrCat("its ETag is '", Printable(tag),
                                 "'; expected a SHA-256 or a git SHA-1, to check the file with"));
  }
  const std::string size = reply.Header(linked ? "x-linked-size" : "content-length");
  if (!absl::SimpleAtoi(size, &file.size_bytes) || file.size_bytes > (uint64_t{1} << 50)) {
    return Nonsense(file.url, absl::StrCat("its size is '", Printable(size), "'; expected bytes"));
  }
  return file;
}

}  // namespace quire::client
