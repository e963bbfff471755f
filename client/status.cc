#include "client/status.h"

#include <google/protobuf/util/json_util.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/json_format.h"
#include "client/names.h"
#include "client/page_format.h"
#include "client/summary.h"
#include "client/text_sink.h"

namespace quire::client {
namespace {

constexpr double kStatusTimeoutSeconds = 10;

std::string ToJsonLine(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string line;
  const auto status = google::protobuf::util::MessageToJsonString(message, &line, options);
  return status.ok() ? line + "\n" : "{}\n";
}

template <typename Enum, typename Numbers>
std::string NamesOf(const Numbers& numbers) {
  std::vector<std::string> names;
  for (const int number : numbers) names.push_back(NameOf(static_cast<Enum>(number)));
  return absl::StrJoin(names, " ");
}

std::string FormatModel(const v1::ModelInfo& model) {
  std::string text = absl::StrFormat("  %s: context of %d tokens\n", Printable(model.key()),
                                     model.context_tokens());
  absl::StrAppend(&text, "    modes:     ", NamesOf<v1::Mode>(model.modes()), "\n");
  absl::StrAppend(&text, "    tasks:     ", NamesOf<v1::Task>(model.tasks()), "\n");
  if (model.languages_size() > 0) {
    absl::StrAppend(&text, "    languages: ", Printable(absl::StrJoin(model.languages(), " ")),
                    "\n");
  }
  return text;
}

std::string FormatWorker(const v1::WorkerInfo& worker) {
  std::string text = absl::StrFormat(
      "  %s: %s, model %s on %s, %d of %d slots used, loaded in %s, %d MB, %d restarts\n",
      Printable(worker.id()), NameOf(worker.state()), Printable(worker.model()),
      Printable(worker.device()), worker.slots_used(), worker.slots(),
      FormatSeconds(worker.load_seconds()), worker.resident_bytes() / 1'000'000,
      worker.restarts());
  if (!worker.last_error().empty()) {
    absl::StrAppend(&text, "    ", Printable(worker.last_error()), "\n");
  }
  return text;
}

}  // namespace

std::string FormatServerInfo(std::string_view address, const v1::GetServerInfoResponse& info) {
  std::string text =
      absl::StrFormat("quire-server %s at %s, up for %s\n", Printable(info.version()), address,
                      FormatSeconds(info.uptime_seconds()));
  absl::StrAppend(&text, "models:", info.models_size() == 0 ? " none yet\n" : "\n");
  for (const v1::ModelInfo& model : info.models()) absl::StrAppend(&text, FormatModel(model));
  absl::StrAppend(&text, "workers:", info.workers_size() == 0 ? " none yet\n" : "\n");
  for (const v1::WorkerInfo& worker : info.workers()) absl::StrAppend(&text, FormatWorker(worker));
  const v1::Limits& limits = info.limits();
  absl::StrAppendFormat(
      &text,
      "limits: %d MB and %d pages a document, %.0f megapixels a page, %d documents at once, %d "
      "pages waiting, %s a page\n",
      limits.max_document_bytes() / 1'000'000, limits.max_document_pages(),
      limits.max_page_pixels() / 1e6, limits.max_documents(), limits.max_waiting_pages(),
      FormatSeconds(limits.page_total_seconds()));
  return text;
}

std::string FormatWatchLine(const v1::WatchStatusResponse& state) {
  int ready_workers = 0;
  int slots = 0;
  int slots_used = 0;
  for (const v1::WorkerInfo& worker : state.workers()) {
    if (worker.state() != v1::WORKER_STATE_READY) continue;
    ++ready_workers;
    slots += worker.slots();
    slots_used += worker.slots_used();
  }
  return absl::StrFormat(
      "%-9s documents %d  waiting %d  reading %d  read %d  failed %d  workers %d/%d  slots %d/%d\n",
      state.draining() ? "draining" : state.ready() ? "ready" : "not ready", state.documents(),
      state.pages_waiting(), state.pages_reading(), state.pages_read(), state.pages_failed(),
      ready_workers, state.workers_size(), slots_used, slots);
}

std::string WatchJsonLine(std::string_view server, const v1::WatchStatusResponse& state) {
  const Json json = {{"server", std::string(server)}, {"status", Json::parse(ToJsonLine(state))}};
  return Dump(json) + "\n";
}

ExitCode ShowStatus(OcrClient& client, bool json) {
  const auto info = client.GetServerInfo(kStatusTimeoutSeconds);
  if (!info.ok()) return SayOutcome(info.status());
  return SayOutcome(MakeStdoutSink()->Write(json ? ToJsonLine(*info)
                                                 : FormatServerInfo(client.address(), *info)));
}

ExitCode WatchServer(OcrClient& client, double interval_seconds, bool json) {
  const auto sink = MakeStdoutSink();
  return SayOutcome(client.WatchStatus(interval_seconds, [&](const v1::WatchStatusResponse& state) {
    return sink->Write(json ? ToJsonLine(state) : FormatWatchLine(state));
  }));
}

}  // namespace quire::client
