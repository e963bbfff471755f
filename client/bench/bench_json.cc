#include "client/bench/bench_json.h"

#include <cerrno>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "client/bench/bottleneck.h"
#include "client/exit_code.h"
#include "client/page_format.h"
#include "client/summary.h"

namespace quire::client {
namespace {

constexpr int kFormatVersion = 1;

Json PercentilesToJson(std::vector<double> samples) {
  if (samples.empty()) return nullptr;
  const Percentiles found = PercentilesOf(std::move(samples));
  return {{"p50", found.p50}, {"p90", found.p90}, {"p99", found.p99}};
}

Json StagesToJson(const BenchRun& run) {
  Json stages = Json::object();
  const auto names = StageTimes({});
  for (size_t i = 0; i < names.size(); ++i) {
    std::vector<double> samples;
    for (const DocumentSample& document : run.documents) {
      for (const PageSample& page : document.pages) samples.push_back(page.stage_seconds[i]);
    }
    stages[names[i].name] = PercentilesToJson(std::move(samples));
  }
  return stages;
}

Json DecodeToJson(const std::optional<v1::DecodeProfile>& decode) {
  if (!decode.has_value()) return nullptr;
  return {{"steps", decode->steps()},
          {"tokens", decode->tokens()},
          {"attention_seconds", decode->attention_seconds()},
          {"experts_seconds", decode->experts_seconds()},
          {"head_seconds", decode->head_seconds()},
          {"sampling_seconds", decode->sampling_seconds()},
          {"other_seconds", decode->other_seconds()}};
}

Json DocumentToJson(const DocumentSample& document) {
  Json pages = Json::array();
  for (const PageSample& page : document.pages) {
    pages.push_back({{"ended_seconds", page.ended_seconds},
                     {"tokens", page.tokens},
                     {"total_seconds", page.total_seconds}});
  }
  return {{"first_page_seconds", document.first_page_seconds.has_value()
                                     ? Json(*document.first_page_seconds)
                                     : Json(nullptr)},
          {"pages", std::move(pages)}};
}

DocumentSample DocumentFromJson(const Json& json) {
  DocumentSample document;
  const Json& first = json.at("first_page_seconds");
  if (!first.is_null()) document.first_page_seconds = first.get<double>();
  for (const Json& page : json.at("pages")) {
    document.pages.push_back({.ended_seconds = page.at("ended_seconds").get<double>(),
                              .tokens = page.at("tokens").get<int>(),
                              .total_seconds = page.at("total_seconds").get<double>()});
  }
  return document;
}

}  // namespace

Json BenchToJson(const BenchRun& run) {
  const BenchTotals totals = TotalsOf(run);
  Json documents = Json::array();
  for (const DocumentSample& document : run.documents) documents.push_back(DocumentToJson(document));
  return {{"bench", kFormatVersion},
          {"quire_version", run.quire_version},
          {"machine", run.machine},
          {"workers", run.workers},
          {"load", run.load},
          {"seconds", run.seconds},
          {"pages_read", totals.pages},
          {"documents_cut", run.documents_cut},
          {"pages_failed", run.pages_failed},
          {"errors", run.errors},
          {"pages_per_second", totals.pages_per_second},
          {"tokens_per_second", totals.tokens_per_second},
          {"first_page_seconds", PercentilesToJson(FirstPageSeconds(run))},
          {"page_seconds", PercentilesToJson(PageSeconds(run))},
          {"stage_seconds", StagesToJson(run)},
          {"decode", DecodeToJson(run.decode)},
          {"bottleneck", BottleneckLine(run)},
          {"documents", std::move(documents)}};
}

absl::StatusOr<BenchRun> ReadBench(const std::string& path) {
  errno = 0;
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) return FileError("read", path, errno != 0 ? errno : EIO);
  const auto wrong = [&](std::string_view why) {
    return WithExitCode(absl::InvalidArgumentError(absl::StrCat(
                            Printable(path), " is no run of quire bench --json: ", Printable(why))),
                        kExitFile);
  };
  try {  // what the JSON library has for all errors
    const Json json = Json::parse(text);
    if (json.value("bench", 0) != kFormatVersion) return wrong("it has no \"bench\": 1");
    BenchRun run{.quire_version = json.at("quire_version").get<std::string>(),
                 .machine = json.at("machine").get<std::string>(),
                 .load = json.at("load").get<std::string>(),
                 .seconds = json.at("seconds").get<double>()};
    if (!(run.seconds > 0)) return wrong("it measured for 0 seconds");
    for (const Json& document : json.at("documents")) {
      run.documents.push_back(DocumentFromJson(document));
    }
    return run;
  } catch (const Json::exception& error) {
    return wrong(error.what());
  }
}

}  // namespace quire::client
