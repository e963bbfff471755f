#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace quire::render {

inline constexpr int kExitOk = 0;             // the server closed the socket
inline constexpr int kExitProtocol = 1;       // the server broke the protocol
inline constexpr int kExitUsage = 2;           // wrong flags
inline constexpr int kExitConfiguration = 78;  // no arena or no sandbox; EX_CONFIG of sysexits.h

// What quire-server starts quire-render with. Its flags are private to the two, so none has an
// environment variable.
struct Config {
  int control_fd = -1;       // socket to the server
  int arena_fd = -1;         // memory that pages are drawn into
  int64_t memory_mb = 2048;  // that it may take; 0: no limit
  std::string sandbox = "auto";  // auto, required, off
};

// A configuration, or the code to exit with after --help, --version or an error, which was printed.
struct ParsedConfig {
  Config config;
  std::optional<int> exit_code;
};
ParsedConfig ParseConfig(int argc, const char* const* argv);

}  // namespace quire::render
