#include "client/models/models_command.h"

#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/models/model_facts.h"
#include "client/models/pull.h"
#include "client/models/verify.h"
#include "client/page_format.h"
#include "client/text_sink.h"

namespace quire::client {
namespace {

ExitCode Complain(const absl::Status& status) {
  std::fprintf(stderr, "quire: %s\n", std::string(status.message()).c_str());
  const ExitCode code = ExitCodeFor(status);
  // What is refused here is a model, not a document.
  return code == kExitRefused || absl::IsDataLoss(status) ? kExitModel : code;
}

ExitCode Print(const std::string& text) {
  const absl::Status written = MakeStdoutSink()->Write(text);
  return written.ok() ? kExitOk : Complain(written);
}

ExitCode List(const ModelsConfig& config) {
  const std::vector<ModelFacts> models = ListModels(config.places, ListDeviceMemory());
  if (!config.json) return Print(FormatModelTable(models));
  Json all = Json::array();
  for (const ModelFacts& model : models) all.push_back(ModelToJson(model));
  return Print(Dump({{"models", all}}) + "\n");
}

ExitCode Show(const ModelsConfig& config) {
  const auto facts = GatherFacts(config.model, config.places, ListDeviceMemory());
  if (!facts.ok()) return Complain(facts.status());
  return Print(config.json ? Dump(ModelToJson(*facts)) + "\n" : FormatModelFacts(*facts));
}

ExitCode Verify(const ModelsConfig& config, const Interrupt& interrupt) {
  const absl::StatusOr<FoundModel> found = FindModel(config.model, config.places);
  if (!found.ok()) return Complain(found.status());
  const auto verification = VerifyModel(found->folder, interrupt);
  if (!verification.ok()) return Complain(verification.status());
  const ExitCode printed = Print(config.json ? Dump(VerificationToJson(*verification)) + "\n"
                                             : FormatVerification(*verification));
  for (const absl::Status& fault : verification->faults) {
    std::fprintf(stderr, "quire: %s\n", Printable(std::string(fault.message())).c_str());
  }
  return verification->faults.empty() || printed != kExitOk ? printed : kExitModel;
}

ExitCode PullModel(const ModelsConfig& config, bool stderr_is_terminal,
                   const Interrupt& interrupt) {
  const auto pulled = Pull(config, stderr_is_terminal && !config.quiet, interrupt);
  if (!pulled.ok()) return Complain(pulled.status());
  if (!config.quiet) {
    std::fprintf(stderr, "quire: %s %s\n", Printable(config.model).c_str(),
                 pulled->was_there ? "was here already" : "fetched, every digest right");
  }
  return Print(pulled->folder + "\n");
}

}  // namespace

ExitCode RunModels(const ModelsConfig& config, bool stderr_is_terminal,
                   const Interrupt& interrupt) {
  switch (config.action) {
    case ModelsAction::kList:
      return List(config);
    case ModelsAction::kShow:
      return Show(config);
    case ModelsAction::kVerify:
      return Verify(config, interrupt);
    case ModelsAction::kPull:
      return PullModel(config, stderr_is_terminal, interrupt);
  }
  return kExitInternal;
}

}  // namespace quire::client
