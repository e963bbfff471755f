#include "client/evaluate/evaluate_command.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/evaluate/machine.h"
#include "client/evaluate/omnidocbench.h"
#include "client/evaluate/process_memory.h"
#include "client/evaluate/protocol.h"
#include "client/evaluate/recommendation.h"
#include "client/evaluate/report.h"
#include "client/evaluate/tesseract.h"
#include "client/local_server.h"
#include "client/names.h"
#include "client/page_format.h"
#include "client/text_sink.h"
#include "proto/status.h"
#include "proto/version.h"

namespace quire::client {
namespace {

constexpr double kInfoTimeoutSeconds = 10;
constexpr char kWorkerName[] = "quire-worker";

void Say(const std::string& text) {
  std::fprintf(stderr, "quire: %s\n", Printable(text).c_str());
}

class Evaluator {
 public:
  Evaluator(const EvaluateConfig& config, const AccessFiles& access, const ModelPlaces& places,
            Interrupt& interrupt)
      : config_(config), access_(access), places_(places), interrupt_(interrupt) {}

  ExitCode Run();

 private:
  // Each adds a row; an error is what its row says.
  void MeasureModel(const std::string& model);
  void MeasureServer(const std::string& address);
  void MeasureTesseract();
  absl::Status StartAndMeasure(const std::string& model, CandidateResult& result);
  absl::Status Measure(const std::string& address, CandidateResult& result);
  absl::Status AskServer(OcrClient& client, CandidateResult& result);
  void Finish(const absl::Status& status, CandidateResult result);
  ExitCode Write() const;

  const EvaluateConfig& config_;
  const AccessFiles& access_;
  const ModelPlaces& places_;
  Interrupt& interrupt_;
  DataSet data_;
  std::optional<PageImages> images_;
  bool drawn_ = false;
  std::vector<CandidateResult> results_;
  ExitCode worst_ = kExitOk;
  bool any_measured_ = false;
};

void Evaluator::Finish(const absl::Status& status, CandidateResult result) {
  if (status.ok()) {
    any_measured_ = true;
    if (result.pages_failed > 0) worst_ = Worse(worst_, kExitPagesFailed);
    for (const std::string& note : result.notes) Say(absl::StrCat(result.name, ": ", note));
  } else {
    // Where a model was looked for is said on standard error alone.
    const std::string sentence(status.message());
    result = {.name = result.name,
              .failure = Printable(sentence.substr(0, sentence.find(" (looked for: "))),
              .version = result.version};
    Say(absl::StrCat(result.name, ": ", sentence));
    // What is not on this machine is a row, no failure.
    if (!absl::IsNotFound(status)) worst_ = Worse(worst_, ExitCodeFor(status));
  }
  results_.push_back(std::move(result));
}

absl::Status Evaluator::AskServer(OcrClient& client, CandidateResult& result) {
  QUIRE_ASSIGN_OR_RETURN(const v1::GetServerInfoResponse info,
                         client.GetServerInfo(kInfoTimeoutSeconds));
  result.version = absl::StrCat("quire-server ", Printable(info.version()));
  int64_t bytes = 0;
  int64_t device_bytes = 0;
  double load_seconds = 0;
  for (const v1::WorkerInfo& worker : info.workers()) {
    const std::string device = Printable(worker.device());
    absl::StrAppend(&result.device, result.device.empty() ? "" : ", ", device);
    bytes = std::max(bytes, worker.resident_bytes());
    device_bytes = std::max(device_bytes, worker.device_memory_peak_bytes());
    load_seconds = std::max(load_seconds, worker.load_seconds());
  }
  if (bytes > 0) result.host_bytes = bytes;
  if (device_bytes > 0) result.device_bytes = device_bytes;
  if (load_seconds > 0) result.load_seconds = load_seconds;
  return absl::OkStatus();
}

absl::Status Evaluator::Measure(const std::string& address, CandidateResult& result) {
  QUIRE_ASSIGN_OR_RETURN(const Access access, ReadAccess(access_, address));
  OcrClient client(address, access, interrupt_);
  CandidateResult before;
  QUIRE_RETURN_IF_ERROR(AskServer(client, before));
  result.version = before.version;
  const auto task = Named<v1::Task>(config_.task).value_or(v1::TASK_MARKDOWN);
  ServerReader reader(client, task, config_.timeout_seconds, interrupt_);
  const auto say = [&](const std::string& text) {
    if (!config_.quiet) Say(absl::StrCat(result.name, ": ", text));
  };
  QUIRE_RETURN_IF_ERROR(RunProtocol(data_, config_.runs, reader, say, result));
  QUIRE_RETURN_IF_ERROR(AskServer(client, result));  // with the memory that reading took
  if (!images_.has_value() || drawn_) return absl::OkStatus();
  for (const DataDocument& document : data_.documents) {
    if (document.is_pdf) QUIRE_RETURN_IF_ERROR(reader.Draw(document, *images_));
  }
  drawn_ = true;
  return absl::OkStatus();
}

absl::Status Evaluator::StartAndMeasure(const std::string& model, CandidateResult& result) {
  QUIRE_RETURN_IF_ERROR(FindModel(model, places_).status());
  const auto start = std::chrono::steady_clock::now();
  QUIRE_ASSIGN_OR_RETURN(const std::unique_ptr<LocalServer> server,
                         LocalServer::Start(FindServerProgram(), model, interrupt_));
  result.ready_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const absl::Status status = Measure(server->address(), result);
  const auto peak = PeakMemoryBelow(server->pid(), kWorkerName);
  if (peak.has_value()) result.host_bytes = peak;
  return status;
}

void Evaluator::MeasureModel(const std::string& model) {
  CandidateResult result{.name = model};
  const absl::Status status = StartAndMeasure(model, result);
  Finish(status, std::move(result));
}

void Evaluator::MeasureServer(const std::string& address) {
  CandidateResult result{.name = address};
  const absl::Status status = Measure(address, result);
  Finish(status, std::move(result));
}

void Evaluator::MeasureTesseract() {
  CandidateResult result{.name = "tesseract", .device = "cpu"};
  auto reader = TesseractReader::Find(config_.tesseract_language, *images_, interrupt_);
  absl::Status status = reader.status();
  if (status.ok()) {
    result.version = absl::StrCat("tesseract ", Printable(reader->version()));
    const auto say = [&](const std::string& text) {
      if (!config_.quiet) Say(absl::StrCat("tesseract: ", text));
    };
    status = RunProtocol(data_, config_.runs, *reader, say, result);
    result.host_bytes = reader->peak_bytes();
  }
  Finish(status, std::move(result));
}

ExitCode Evaluator::Write() const {
  EvaluationReport report{.machine = DescribeMachine(),
                          .quire_version = kVersion,
                          .data_folder = config_.data_folder,
                          .task = config_.task,
                          .runs = config_.runs,
                          .candidates = results_,
                          .recommendation = Recommend(results_)};
  const auto name = [&](std::optional<size_t> index) {
    return index.has_value() ? data_.documents[*index].name : "";
  };
  report.simple_name = name(data_.simple_index);
  report.complex_name = name(data_.complex_index);
  report.pdf_name = name(data_.pdf_index);
  absl::Status status = MakeStdoutSink()->Write(FormatReport(report, config_.format));
  const std::pair<ReportFormat, const char*> files[] = {{ReportFormat::kMarkdown, ".md"},
                                                        {ReportFormat::kCsv, ".csv"},
                                                        {ReportFormat::kJson, ".json"},
                                                        {ReportFormat::kHtml, ".html"}};
  for (const auto& [format, ending] : files) {
    if (config_.output_folder.empty()) break;
    const auto write = [&, format = format, ending = ending]() -> absl::Status {
      QUIRE_ASSIGN_OR_RETURN(const std::unique_ptr<TextSink> sink,
                             MakeFileSink(config_.output_folder, "evaluation", ending));
      QUIRE_RETURN_IF_ERROR(sink->Write(FormatReport(report, format)));
      return sink->Commit(true).status();
    };
    const absl::Status written = write();
    if (status.ok()) status = written;
  }
  const ExitCode code = ExitCodeFor(status);
  if (code != kExitOk && code != kExitPipeClosed) Say(std::string(status.message()));
  return code;
}

ExitCode Evaluator::Run() {
  auto data = ReadDataSet(config_.data_folder);
  if (!data.ok()) {
    Say(std::string(data.status().message()));
    return ExitCodeFor(data.status());
  }
  data_ = *std::move(data);
  if (config_.with_tesseract) {
    auto images = PageImages::Create();
    if (!images.ok()) {
      Say(std::string(images.status().message()));
      return ExitCodeFor(images.status());
    }
    images_.emplace(*std::move(images));
  }
  for (const std::string& model : config_.models) {
    if (!interrupt_.requested()) MeasureModel(model);
  }
  for (const std::string& address : config_.servers) {
    if (!interrupt_.requested()) MeasureServer(address);
  }
  if (config_.with_tesseract && !interrupt_.requested()) MeasureTesseract();
  if (!any_measured_ && worst_ == kExitOk) worst_ = kExitModel;
  return Worse(worst_, Write());
}

}  // namespace

ExitCode RunEvaluate(const EvaluateConfig& config, const AccessFiles& access,
                     const ModelPlaces& places, Interrupt& interrupt) {
  if (config.action == EvaluateAction::kRun) {
    return Evaluator(config, access, places, interrupt).Run();
  }
  const auto imported =
      ImportOmniDocBench(config.annotations, config.images_folder, config.import_folder);
  if (!imported.ok()) {
    Say(std::string(imported.status().message()));
    return ExitCodeFor(imported.status());
  }
  if (!config.quiet) Say(absl::StrCat(*imported, " pages are in ", config.import_folder));
  return kExitOk;
}

}  // namespace quire::client
