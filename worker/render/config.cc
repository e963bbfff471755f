#include "worker/render/config.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "proto/version.h"

namespace quire::render {
namespace {

void AddFlags(CLI::App& app, Config& config) {
  app.set_version_flag("--version", absl::StrCat("quire-render ", kVersion));
  CLI::Option* control = app.add_option("--control-fd", config.control_fd,
                                        "Descriptor of the socket to the server");
  CLI::Option* arena = app.add_option("--arena-fd", config.arena_fd,
                                      "Descriptor of the memory that pages are drawn into");
  control->needs(arena);
  arena->needs(control);
  app.add_option("--memory-mb", config.memory_mb, "Megabytes that it may take; 0: no limit")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  app.add_option("--sandbox", config.sandbox,
                 "auto: as much as the kernel can; required: all or nothing; off")
      ->check(CLI::IsMember({"auto", "required", "off"}))
      ->capture_default_str();
  CLI::Option* file = app.add_option("FILE", config.file, "PDF or image to draw a page of");
  CLI::Option* png = app.add_option("--png", config.png, "Where FILE's page is written");
  file->needs(png)->excludes(control);
  png->needs(file);
  app.add_option("--page", config.page, "Which page of FILE, from 1 on")
      ->check(CLI::Range(1, 1 << 30))
      ->capture_default_str();
  app.add_option("--long-side", config.long_side_px,
                 "Longer side of a PDF's page in pixels; images keep their size")
      ->check(CLI::Range(1, 1 << 15))
      ->capture_default_str();
  app.add_option("--dpi", config.dpi, "Resolution of a PDF's page, instead of --long-side")
      ->check(CLI::Range(1.0, 4800.0));
}

}  // namespace

ParsedConfig ParseConfig(int argc, const char* const* argv) {
  ParsedConfig parsed;
  CLI::App app(
      "Draws pages: for the quire-server that starts it (--control-fd), or by hand, one page of FILE\n"
      "to a PNG as a model would get it.\n"
      "Exit codes: 0 the server closed the socket or the page was drawn, 1 the server broke the\n"
      "protocol or the page could not be drawn, 2 wrong command line, 78 no arena or no sandbox.");
  AddFlags(app, parsed.config);
  try {
    app.parse(argc, argv);
    if (parsed.config.file.empty() && parsed.config.control_fd < 0) {
      throw CLI::RequiredError("FILE, or --control-fd and --arena-fd,");
    }
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  return parsed;
}

}  // namespace quire::render
