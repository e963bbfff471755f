#include "client/commands.h"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "client/bench/bench_command.h"
#include "client/evaluate/evaluate_command.h"
#include "client/local_server.h"
#include "client/models/models_command.h"
#include "client/ocr_client.h"
#include "client/page_format.h"
#include "client/profile/profile_command.h"
#include "client/status.h"
#include "client/trace/trace_command.h"
#include "client/watch.h"

namespace quire::client {
namespace {

// A local server's workers time every so-many-th step for the commands that measure; that costs less
// than a measurement's own scatter.
const std::vector<std::string> kTimeSteps = {"--profile", "16"};

ExitCode Say(const absl::Status& status, ExitCode code) {
  std::fprintf(stderr, "quire: %s\n", Printable(std::string(status.message())).c_str());
  return code;
}

// The model that a command names; nothing for commands that read no page.
std::string* ModelOf(Config& config) {
  switch (config.command) {
    case Command::kRecognise:
      return &config.recognise.model;
    case Command::kBench:
      return &config.bench.choice.model;
    case Command::kTrace:
      return &config.trace.choice.model;
    default:
      return nullptr;
  }
}

ExitCode RunOnServer(const Config& config, const Terminals& terminals, OcrClient& client,
                     Interrupt& interrupt) {
  switch (config.command) {
    case Command::kRecognise:
      return Recognise(config.recognise, terminals, client, interrupt);
    case Command::kStatus:
      return ShowStatus(client, config.json);
    case Command::kBench:
      return RunBench(config.bench, terminals.stderr_is_terminal, client, interrupt);
    case Command::kTrace:
      return RunTrace(config.trace, client, interrupt);
    case Command::kWatch:
    case Command::kModels:
    case Command::kEvaluate:
    case Command::kProfile:
      break;  // they need no server, or several
  }
  return kExitInternal;
}

}  // namespace

ExitCode RunCommand(const Config& given, const Terminals& terminals, Interrupt& interrupt) {
  Config config = given;
  if (config.command == Command::kModels) {
    return RunModels(config.models, terminals.stderr_is_terminal, interrupt);
  }
  if (config.command == Command::kEvaluate) {
    return RunEvaluate(config.evaluate, config.access, config.models.places, interrupt);
  }
  if (config.command == Command::kBench && !config.bench.with.empty()) {
    return CompareStoredRuns(config.bench);
  }
  if (config.command == Command::kProfile) {
    return RunProfile(config.profile, {.address = config.local ? "" : config.server,
                                       .access = config.access,
                                       .show_progress = terminals.stderr_is_terminal}, interrupt);
  }
  std::string address = config.server;
  std::unique_ptr<LocalServer> local;
  if (config.local) {
    std::string* const model = ModelOf(config);
    auto started = LocalServer::Start(
        FindServerProgram(), model == nullptr ? "" : *model, interrupt,
        config.command == Command::kBench ? kTimeSteps : std::vector<std::string>());
    if (!started.ok()) return Say(started.status(), ExitCodeFor(started.status()));
    local = *std::move(started);
    address = local->address();
    if (model != nullptr) model->clear();  // the one that was started, whatever its key
  }
  if (config.command == Command::kWatch) {
    if (local != nullptr) config.servers = {address};
    return RunWatch(config, terminals, interrupt);
  }
  const absl::StatusOr<Access> access = ReadAccess(config.access, address);
  if (!access.ok()) return Say(access.status(), kExitUsage);
  OcrClient client(address, *access, interrupt);
  return RunOnServer(config, terminals, client, interrupt);
}

}  // namespace quire::client
