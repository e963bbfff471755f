// quire-render: opens documents and draws their pages, for the quire-server that started it or by hand.

#include <sys/mman.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/status.h"
#include "worker/render/clean_up.h"
#include "worker/render/config.h"
#include "worker/render/draw_to_file.h"
#include "worker/render/font_files.h"
#include "worker/render/image_codec.h"
#include "worker/render/pdf_renderer.h"
#include "worker/render/render_service.h"
#include "worker/render/sandbox.h"

namespace quire::render {
namespace {

absl::StatusOr<Canvas> MapArena(int fd) {
  struct stat facts {};
  if (fstat(fd, &facts) != 0 || facts.st_size <= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("--arena-fd ", fd, " is no shared memory; only quire-server sets it"));
  }
  void* data = mmap(nullptr, facts.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (data == MAP_FAILED) {
    return absl::ResourceExhaustedError(
        absl::StrCat(facts.st_size, " bytes of shared memory cannot be mapped"));
  }
  return Canvas{static_cast<uint8_t*>(data), static_cast<uint64_t>(facts.st_size)};
}

absl::Status LockIn(const Config& config) {
  if (config.sandbox == "off") return absl::OkStatus();
  SandboxOptions options{.memory_bytes = config.memory_mb << 20,
                         .may_write = !config.file.empty()};
  for (std::string& file : FontFiles()) options.readable.push_back(std::move(file));
  QUIRE_ASSIGN_OR_RETURN(const std::vector<std::string> missing, EnterSandbox(options));
  if (missing.empty()) return absl::OkStatus();
  const std::string what = absl::StrCat("the sandbox is incomplete: ", absl::StrJoin(missing, "; "));
  if (config.sandbox == "required") return absl::FailedPreconditionError(what);
  std::fprintf(stderr, "quire-render: %s\n", what.c_str());
  return absl::OkStatus();
}

int Fail(const absl::Status& status, int exit_code) {
  std::fprintf(stderr, "quire-render: %s\n", std::string(status.message()).c_str());
  return exit_code;
}

int ServeServer(const Config& config) {
  const absl::StatusOr<Canvas> arena = MapArena(config.arena_fd);
  if (!arena.ok()) return Fail(arena.status(), kExitConfiguration);
  if (const absl::Status status = LockIn(config); !status.ok()) {
    return Fail(status, kExitConfiguration);
  }
  RenderService service(*arena, config.memory_mb << 20);
  const absl::Status status = service.Serve(config.control_fd);
  return status.ok() ? kExitOk : Fail(status, kExitFailed);
}

int DrawByHand(const Config& config) {
  const DrawSize size = config.dpi > 0 ? DrawSize{.dpi = config.dpi}
                                       : DrawSize{.long_side_px = config.long_side_px};
  const absl::Status status = Draw(
      {.file = config.file, .png = config.png, .page_index = config.page - 1, .size = size},
      [&] { return LockIn(config); });
  return status.ok() ? kExitOk : Fail(status, kExitFailed);
}

int Run(const Config& config) {
  WarmUpPdf();
  WarmUpImageCodec();
  WarmUpCleanUp();
  return config.file.empty() ? ServeServer(config) : DrawByHand(config);
}

}  // namespace
}  // namespace quire::render

int main(int argc, char** argv) {
  const quire::render::ParsedConfig parsed = quire::render::ParseConfig(argc, argv);
  if (parsed.exit_code.has_value()) return *parsed.exit_code;
  // Without destructors at exit: a sanitizer's would make calls that the sandbox forbids.
  std::_Exit(quire::render::Run(parsed.config));
}
