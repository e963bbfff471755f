#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/bench/bench_config.h"
#include "client/evaluate/evaluate_config.h"
#include "client/models/models_config.h"
#include "client/page_format.h"
#include "client/page_treatment.h"
#include "client/profile/profile_config.h"
#include "client/trace/trace_config.h"
#include "proto/access.h"

namespace quire::client {

// `quire recognise`.
struct RecogniseConfig {
  std::vector<std::string> files;  // FILE...; "-" is standard input
  std::string pages;               // --pages: "1-3,7"; all when empty
  OutputFormat format = OutputFormat::kMarkdown;  // --format
  std::string output_folder;       // --output-dir; standard output when empty
  bool figures = false;            // --figures
  std::string report_file;         // --report; none when empty
  int report_preview_px = 1000;    // --report-preview-px, 100 to 4000; 0: blank sheets
  std::string watched_folder;      // --watch; instead of files
  bool resume = false;             // --resume
  std::string preset;              // --preset; see preset.h
  std::string mode;                // --mode; the model's default when empty
  std::string task;                // --task; markdown, or what --prompt and --locate say
  std::string prompt;              // --prompt
  std::string locate;              // --locate
  PageTreatment treatment;         // --text-layer, --orient, --clean, --frames
  std::string password_file;       // --password-file
  std::string model;               // --model: registry key
  std::string request_id;          // --request-id
  double dpi = 0;                  // --dpi: 36 to 1200; 0: the model's own
  int max_tokens = 0;              // --max-tokens a page; 0: the model's context
  int retries = 5;                 // --retries while the server is busy
  double timeout_seconds = 0;      // --timeout-seconds a document; 0: none
  bool ordered = true;             // --ordered, --unordered
  bool stream = false;             // --stream
  bool raw = false;                // --raw
  bool summary = false;            // --summary
  bool quiet = false;              // --quiet
};

enum class Command { kRecognise, kStatus, kWatch, kModels, kEvaluate, kBench, kTrace, kProfile };

// Everything that quire can be told. Flags win over QUIRE_... variables.
struct Config {
  Command command = Command::kRecognise;
  std::string server = "127.0.0.1:50051";  // --server: "host:port" or "unix:/path"
  AccessFiles access;
  bool local = false;                      // --local: a server for this call alone
  bool json = false;                       // --json of status and watch
  std::vector<std::string> servers;        // --servers of watch: several fronts, instead of server
  double interval_seconds = 1;             // --interval-seconds of watch, 0.2 to 60
  RecogniseConfig recognise;
  ModelsConfig models;
  EvaluateConfig evaluate;
  BenchConfig bench;
  TraceConfig trace;
  ProfileConfig profile;

  // InvalidArgument names the flag, its value and what is possible.
  absl::Status Validate() const;
};

// Reads flags and environment. An exit code instead of a Config when the program is to end: after
// --help and --version (0), or a wrong command line (2, said on standard error).
struct ParsedConfig {
  Config config;
  std::optional<int> exit_code;
};
ParsedConfig ParseConfig(int argc, const char* const* argv);

}  // namespace quire::client
