#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace quire::worker {

// Everything that quire-worker can be told. Flags win over QUIRE_WORKER_... variables.
struct Config {
  std::string model;             // --model: folder, registry key or repository
  std::string device = "auto";   // --device: auto, cpu, cuda:N, mps
  std::string dtype = "auto";    // --dtype: auto, f32, bf16, f16
  std::string kv_dtype = "auto";  // --kv-dtype: auto, f32, bf16, f16
  std::string eight_bit = "auto";  // --eight-bit: auto, keep, decode
  int slots = 0;                 // --slots: pages at once; 0: by device
  int threads = 0;               // --threads: for computing on the CPU; 0: all cores
  std::string id;                // --id
  std::vector<std::string> attach;  // --attach: addresses of its fronts
  std::string token_file;        // --token-file
  std::string ca_file;           // --ca-file: turns TLS on for a front over TCP
  std::string cert_file;         // --cert-file
  std::string key_file;          // --key-file
  int profile = 0;               // --profile: each so-many-th decode step is timed by part; 0: none
  int arena_fd = -1;             // --arena-fd: memory shared with the front (children only)
  std::string metrics_listen = "none";  // --metrics-listen: host:port, none
  std::string log_format = "plain";  // --log-format: plain, json
  int device_fault_at_step = 0;       // --raise-device-fault-at-step: for tests; 0: never
  int out_of_memory_above_pages = 0;  // --raise-out-of-memory-above-pages: for tests; 0: never

  // InvalidArgument names the flag, its value and what is possible.
  absl::Status Validate() const;
  // One line for the log.
  std::string Describe() const;
};

// Exit code for what trying again cannot mend: a model that does not load, a wrong flag value.
inline constexpr int kExitConfiguration = 78;
// Exit code when the device failed for good: a new process may find it well again (EX_IOERR).
inline constexpr int kExitDeviceFailed = 74;

// Reads flags and environment. An exit code instead of a Config when the program is to end: after
// --help and --version (0), or a wrong command line (2).
struct ParsedConfig {
  Config config;
  std::optional<int> exit_code;
};
ParsedConfig ParseConfig(int argc, const char* const* argv);

}  // namespace quire::worker
