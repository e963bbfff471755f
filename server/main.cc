#include <spdlog/spdlog.h>

#include <sys/prctl.h>
#include <sys/resource.h>

#include <filesystem>

#include "proto/library_log.h"
#include "proto/log_line.h"
#include "server/config.h"
#include "server/server_program.h"
#include "server/stop_signals.h"
#include "server/sweeper.h"

namespace {

// Documents pass through this process: they must not end up in a core file.
void SwitchCoreDumpsOff() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace quire::server;
  const ParsedConfig parsed = ParseConfig(argc, argv);
  if (parsed.exit_code.has_value()) return *parsed.exit_code;
  SwitchCoreDumpsOff();
  quire::SetUpLog(parsed.config.log_format, "quire-server", /*worker=*/"");
  quire::LogForLibraries();
  if (const absl::Status status = parsed.config.Validate(); !status.ok()) {
    spdlog::error("{}", std::string(status.message()));
    return kExitConfiguration;
  }
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  auto sweeper = Sweeper::Start();  // while there is one thread
  if (!sweeper.ok()) {
    spdlog::error("{}", std::string(sweeper.status().message()));
    return 1;
  }
  StopSignals::Block();
  return ServerProgram(parsed.config, self.parent_path().string(), *sweeper).Run();
}
