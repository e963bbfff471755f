#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "proto/checkpoint/model_cache.h"
#include "server/credentials.h"
#include "server/limits.h"
#include "server/listener.h"
#include "server/render_pool.h"
#include "server/spool.h"

namespace quire::server {

// Everything that quire-server can be told; each has a flag and an environment variable.
struct Config {
  std::vector<std::string> listen = {"127.0.0.1:50051"};
  std::string metrics_listen = "127.0.0.1:9464";
  std::string ready_file;
  std::string workers = "auto";  // auto, none, a number, or devices
  std::string model = "nano";    // registry key, repository or folder
  std::string models_dir;
  CacheFolders model_caches;     // HF_HUB_CACHE, QUIRE_CACHE_DIR, ...: no flag
  std::string worker_program;    // beside this program when empty
  std::string render_program;
  std::vector<std::string> worker_args;
  int profile = 0;               // of the local workers; 0: no steps are timed
  std::string worker_listen;
  std::string worker_token_file;
  std::string worker_client_ca_file;
  TlsFiles tls;
  std::string client_token_file;
  int worker_arena_megabytes = 1024;
  int renderers = 2;
  int64_t render_memory_megabytes = 2048;
  double render_seconds = 30;
  std::string sandbox = "auto";
  int64_t max_document_megabytes = 500;
  double max_page_megapixels = 50;
  int64_t spool_memory_megabytes = 64;
  double spool_total_gigabytes = 16;
  std::string spool_dir;
  double drain_seconds = 30;
  std::string log_format = "plain";
  ConnectionLimits connections;
  FrontLimits limits;

  // InvalidArgument names the flag, its value and what is allowed.
  absl::Status Validate() const;
  // "listen=127.0.0.1:50051 workers=auto ...", for the log. Holds no secret.
  std::string Describe() const;

  SpoolLimits MakeSpoolLimits() const;
  RenderPoolOptions MakeRenderPoolOptions() const;
};

struct ParsedConfig {
  Config config;
  std::optional<int> exit_code;  // set when the program is to end now (--help, a wrong flag)
};

// Exit codes, as --help lists them.
inline constexpr int kExitUsage = 2;
inline constexpr int kExitCannotListen = 3;
inline constexpr int kExitHopeless = 4;
inline constexpr int kExitConfiguration = 78;

// Reads flags and QUIRE_... variables; prints help, version and complaints itself.
ParsedConfig ParseConfig(int argc, const char* const* argv);

}  // namespace quire::server
