#include "server/status_page.h"

#include <google/protobuf/util/json_util.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/version.h"

namespace quire::server {

void StatusPage::Show(Ask ask) {
  MutexLock lock(mutex_);
  ask_ = std::move(ask);
}

std::optional<std::string> StatusPage::Json() {
  quire::v1::WatchStatusResponse status;
  {
    MutexLock lock(mutex_);
    if (!ask_) return std::nullopt;
    status = ask_();
  }
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(status, &json, options).ok()) return std::nullopt;
  return absl::StrCat("{\"version\":\"", kVersion, "\",\"status\":", json, "}\n");
}

std::vector<HttpPage> StatusPage::Pages() {
  return {{.path = "/", .content_type = "text/html; charset=utf-8", .body = [] { return kStatusHtml; }},
          {.path = "/status.css", .content_type = "text/css", .body = [] { return kStatusCss; }},
          {.path = "/status.js", .content_type = "text/javascript", .body = [] { return kStatusJs; }},
          {.path = "/status.json",
           .content_type = "application/json",
           .body = [this] { return Json(); }}};
}

}  // namespace quire::server
