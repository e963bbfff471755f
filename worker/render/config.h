#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace quire::render {

inline constexpr int kExitOk = 0;             // the server closed the socket; the page was drawn
inline constexpr int kExitFailed = 1;         // the server broke the protocol; no page was drawn
inline constexpr int kExitUsage = 2;           // wrong flags
inline constexpr int kExitConfiguration = 78;  // no arena or no sandbox; EX_CONFIG of sysexits.h

// What quire-server starts quire-render with, or what a person asks of it. The flags are private to
// the two programs or said by hand, so none has an environment variable.
struct Config {
  int control_fd = -1;           // socket to the server
  int arena_fd = -1;             // memory that pages are drawn into
  int64_t memory_mb = 2048;      // that it may take; 0: no limit
  std::string sandbox = "auto";  // auto, required, off

  // By hand: one page of a file, as the model would get it, to a PNG.
  std::string file;       // empty: serve a server
  std::string png;        // path to write
  int page = 1;           // 1-based
  int long_side_px = 2048;
  double dpi = 0;         // wins over long_side_px
};

// A configuration, or the code to exit with after --help, --version or an error, which was printed.
struct ParsedConfig {
  Config config;
  std::optional<int> exit_code;
};
ParsedConfig ParseConfig(int argc, const char* const* argv);

}  // namespace quire::render
