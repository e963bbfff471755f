#include <grpc/grpc.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "client/commands.h"
#include "client/config.h"
#include "client/interrupt.h"

int main(int argc, char** argv) {
  using namespace quire::client;
  const ParsedConfig parsed = ParseConfig(argc, argv);
  if (parsed.exit_code.has_value()) return *parsed.exit_code;
  // gRPC would print its own words about a server that does not answer.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  signal(SIGPIPE, SIG_IGN);
  const auto interrupt = Interrupt::Install();
  // Never undone: taking gRPC down waits up to 10 s for its poller after an upload was cut off.
  grpc_init();
  const char* terminal_kind = std::getenv("TERM");
  const bool can_redraw = terminal_kind != nullptr && std::string_view(terminal_kind) != "dumb";
  const Terminals terminals = {
      .stdout_is_terminal = isatty(STDOUT_FILENO) == 1,
      .stderr_is_terminal = isatty(STDERR_FILENO) == 1 && can_redraw,
      .can_redraw = can_redraw};
  return RunCommand(parsed.config, terminals, *interrupt);
}
