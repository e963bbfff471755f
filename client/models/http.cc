#include "client/models/http.h"

#include <curl/curl.h>

#include <chrono>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/exit_code.h"
#include "proto/version.h"

namespace quire::client {
namespace {

using Clock = std::chrono::steady_clock;

constexpr long kConnectSeconds = 15;
constexpr size_t kMostHeaders = 200;

// One running request, for curl's callbacks.
struct Run {
  const HttpRequest& request;
  const Interrupt& interrupt;
  HttpReply reply;
  bool started = false;
  bool stalled = false;
  absl::Status outcome;
  Clock::time_point last_byte = Clock::now();
};

size_t OnHeader(char* data, size_t size, size_t count, void* user) {
  Run& run = *static_cast<Run*>(user);
  run.last_byte = Clock::now();
  const absl::string_view line = absl::StripAsciiWhitespace(absl::string_view(data, size * count));
  if (absl::StartsWith(line, "HTTP/")) {  // also after "100 Continue"
    run.reply = {};
    const size_t space = line.find(' ');
    if (space != absl::string_view::npos) {
      (void)absl::SimpleAtoi(line.substr(space + 1, 3), &run.reply.status);
    }
    return size * count;
  }
  const size_t colon = line.find(':');
  if (colon != absl::string_view::npos && run.reply.headers.size() < kMostHeaders) {
    run.reply.headers[absl::AsciiStrToLower(line.substr(0, colon))] =
        std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  }
  return size * count;
}

absl::Status Start(Run& run) {
  if (run.started || (run.reply.status != 200 && run.reply.status != 206)) return absl::OkStatus();
  run.started = true;
  return run.request.on_start ? run.request.on_start(run.reply) : absl::OkStatus();
}

size_t OnBody(char* data, size_t size, size_t count, void* user) {
  Run& run = *static_cast<Run*>(user);
  run.last_byte = Clock::now();
  run.outcome.Update(Start(run));
  if (run.outcome.ok() && run.started && run.request.on_body) {
    run.outcome = run.request.on_body({data, size * count});
  }
  return run.outcome.ok() ? size * count : 0;
}

// About once a second, and with every piece.
int OnTime(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  Run& run = *static_cast<Run*>(user);
  if (run.interrupt.requested()) run.outcome = InterruptedError();
  const std::chrono::duration<double> quiet = Clock::now() - run.last_byte;
  run.stalled = quiet.count() > run.request.stall_seconds;
  return run.outcome.ok() && !run.stalled ? 0 : 1;
}

absl::Status TransportFault(const Run& run, CURLcode code, const char* text) {
  if (!run.outcome.ok()) return run.outcome;
  const std::string where = absl::StrCat(OriginOf(run.request.url), ": ");
  if (run.stalled) {
    return absl::UnavailableError(absl::StrFormat("%sno byte came for %g s (--stall-seconds)",
                                                  where, run.request.stall_seconds));
  }
  return absl::UnavailableError(
      absl::StrCat(where, *text != '\0' ? text : curl_easy_strerror(code)));
}

using Url = std::unique_ptr<CURLU, void (*)(CURLU*)>;

Url ParseUrl(const std::string& text) {
  Url url(curl_url(), curl_url_cleanup);
  if (url != nullptr && curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK)
    url.reset();
  return url;
}

std::string Part(const Url& url, CURLUPart part, unsigned int flags = 0) {
  char* text = nullptr;
  if (url == nullptr || curl_url_get(url.get(), part, &text, flags) != CURLUE_OK) return "";
  const std::string copy = text;
  curl_free(text);
  return copy;
}

}  // namespace

std::string HttpReply::Header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

std::string OriginOf(const std::string& text) {
  const Url url = ParseUrl(text);
  const std::string scheme = absl::AsciiStrToLower(Part(url, CURLUPART_SCHEME));
  const std::string host = absl::AsciiStrToLower(Part(url, CURLUPART_HOST));
  if ((scheme != "http" && scheme != "https") || host.empty()) return "";
  const std::string port = Part(url, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
  return absl::StrCat(scheme, "://", host, port.empty() ? "" : ":", port);
}

std::string ResolveLocation(const std::string& base, const std::string& location) {
  const Url url = ParseUrl(base);  // a second part is taken relative to the first
  if (url == nullptr || location.empty() ||
      curl_url_set(url.get(), CURLUPART_URL, location.c_str(), 0) != CURLUE_OK) {
    return "";
  }
  const std::string target = Part(url, CURLUPART_URL), origin = OriginOf(target);
  const bool leaves_tls =
      absl::StartsWith(OriginOf(base), "https:") && absl::StartsWith(origin, "http:");
  return origin.empty() || leaves_tls ? "" : target;
}

bool IsLoopback(const std::string& text) {
  const std::string host = Part(ParseUrl(text), CURLUPART_HOST);
  return host == "localhost" || host == "[::1]" || absl::StartsWith(host, "127.");
}

absl::StatusOr<HttpReply> SendHttp(const HttpRequest& request, const Interrupt& interrupt) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  if (ready != CURLE_OK || curl == nullptr) return absl::InternalError("libcurl cannot be started");
  Run run{.request = request, .interrupt = interrupt};
  char text[CURL_ERROR_SIZE] = "";
  curl_slist* headers = nullptr;
  if (!request.bearer_token.empty()) {
    headers = curl_slist_append(
        headers, absl::StrCat("Authorization: Bearer ", request.bearer_token).c_str());
  }
  if (request.from_byte > 0) {
    headers =
        curl_slist_append(headers, absl::StrCat("Range: bytes=", request.from_byte, "-").c_str());
  }
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> owner(headers, curl_slist_free_all);
  curl_easy_setopt(curl.get(), CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl.get(), CURLOPT_NOBODY, request.head ? 1L : 0L);
  curl_easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 0L);
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS,
                   static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl.get(), CURLOPT_USERAGENT, (std::string("quire/") + kVersion).c_str());
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, text);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &run);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &run);
  curl_easy_setopt(curl.get(), CURLOPT_XFERINFOFUNCTION, OnTime);
  curl_easy_setopt(curl.get(), CURLOPT_XFERINFODATA, &run);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROGRESS, 0L);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK) return TransportFault(run, code, text);
  if (!request.head) run.outcome.Update(Start(run));  // an empty body
  if (!run.outcome.ok()) return run.outcome;
  return std::move(run.reply);
}

}  // namespace quire::client
