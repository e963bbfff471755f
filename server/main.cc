#include <spdlog/spdlog.h>

#include <filesystem>

#include "server/config.h"
#include "server/log_format.h"
#include "server/server_program.h"
#include "server/stop_signals.h"

int main(int argc, char** argv) {
  using namespace quire::server;
  const ParsedConfig parsed = ParseConfig(argc, argv);
  if (parsed.exit_code.has_value()) return *parsed.exit_code;
  SetUpLog(parsed.config.log_format);
  if (const absl::Status status = parsed.config.Validate(); !status.ok()) {
    spdlog::error("{}", std::string(status.message()));
    return kExitConfiguration;
  }
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  StopSignals::Block();
  return ServerProgram(parsed.config, self.parent_path().string()).Run();
}
