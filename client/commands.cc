#include "client/commands.h"

#include <cstdio>
#include <memory>
#include <string>

#include "client/evaluate/evaluate_command.h"
#include "client/local_server.h"
#include "client/models/models_command.h"
#include "client/ocr_client.h"
#include "client/status.h"

namespace quire::client {

ExitCode RunCommand(const Config& config, const Terminals& terminals, Interrupt& interrupt) {
  if (config.command == Command::kModels) {
    return RunModels(config.models, terminals.stderr_is_terminal, interrupt);
  }
  if (config.command == Command::kEvaluate) {
    return RunEvaluate(config.evaluate, config.access, config.models.places, interrupt);
  }
  RecogniseConfig recognise = config.recognise;
  std::string address = config.server;
  std::unique_ptr<LocalServer> local;
  if (config.local) {
    auto started = LocalServer::Start(FindServerProgram(), recognise.model, interrupt);
    if (!started.ok()) {
      std::fprintf(stderr, "quire: %s\n", std::string(started.status().message()).c_str());
      return ExitCodeFor(started.status());
    }
    local = *std::move(started);
    address = local->address();
    recognise.model.clear();  // the one that was started, whatever its key
  }
  const absl::StatusOr<Access> access = ReadAccess(config.access, address);
  if (!access.ok()) {
    std::fprintf(stderr, "quire: %s\n", std::string(access.status().message()).c_str());
    return kExitUsage;
  }
  OcrClient client(address, *access, interrupt);
  switch (config.command) {
    case Command::kRecognise:
      return Recognise(recognise, terminals, client, interrupt);
    case Command::kStatus:
      return ShowStatus(client, config.json);
    case Command::kWatch:
      return WatchServer(client, config.interval_seconds, config.json);
    case Command::kModels:
    case Command::kEvaluate:
      break;  // above: they need no server, or several
  }
  return kExitInternal;
}

}  // namespace quire::client
