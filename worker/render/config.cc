#include "worker/render/config.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "proto/version.h"

namespace quire::render {
namespace {

void AddFlags(CLI::App& app, Config& config) {
  app.set_version_flag("--version", absl::StrCat("quire-render ", kVersion));
  app.add_option("--control-fd", config.control_fd, "Descriptor of the socket to the server")
      ->required();
  app.add_option("--arena-fd", config.arena_fd, "Descriptor of the memory that pages are drawn into")
      ->required();
  app.add_option("--memory-mb", config.memory_mb, "Megabytes that it may take; 0: no limit")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  app.add_option("--sandbox", config.sandbox,
                 "auto: as much as the kernel can; required: all or nothing; off")
      ->check(CLI::IsMember({"auto", "required", "off"}))
      ->capture_default_str();
}

}  // namespace

ParsedConfig ParseConfig(int argc, const char* const* argv) {
  ParsedConfig parsed;
  CLI::App app(
      "Draws pages for the quire-server that starts it; of no use by hand.\n"
      "Exit codes: 0 the server closed the socket, 1 it broke the protocol, 2 wrong flags, 78 no "
      "arena or no sandbox.");
  AddFlags(app, parsed.config);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  return parsed;
}

}  // namespace quire::render
