#include "server/config.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/status.h"
#include "proto/version.h"

namespace quire::server {
namespace {

constexpr double kBytesPerMegabyte = 1e6;
constexpr int64_t kBytesPerMebibyte = 1 << 20;

constexpr char kFooter[] =
    "Every flag has an environment variable: --max-documents is QUIRE_MAX_DOCUMENTS.\n"
    "Exit codes:\n"
    "  0   stopped by SIGTERM or SIGINT\n"
    "  1   a child process or a temporary folder could not be had\n"
    "  2   the command line is wrong\n"
    "  3   an address could not be listened on\n"
    "  4   every local worker was given up\n"
    "  78  a flag's value is impossible, or the model was not found";

// Adds flags with their variables. CLI11 itself sees a variable only where the flag is not given.
class Flags {
 public:
  explicit Flags(CLI::App& app) : app_(app) {}

  template <typename T>
  CLI::Option* Add(const std::string& flag, T& target, const std::string& text) {
    std::string variable = "QUIRE_";
    for (const char c : flag.substr(2)) {
      variable += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    CLI::Option* option =
        app_.add_option(flag, target, text)->envname(variable)->capture_default_str();
    if constexpr (!std::is_same_v<T, std::vector<std::string>>) option->take_last();
    return option;
  }

 private:
  CLI::App& app_;
};

void AddServiceFlags(Flags& flags, Config& config) {
  flags.Add("--listen", config.listen, "Address of the service, host:port or unix:/path; repeatable");
  flags.Add("--metrics-listen", config.metrics_listen,
            "Address of GET /metrics and of the status page, host:port (port 0: any free one), or none");
  flags.Add("--ready-file", config.ready_file,
            "File that is written, as JSON with the addresses, once pages can be read");
  flags.Add("--drain-seconds", config.drain_seconds,
            "Time for open documents to finish after SIGTERM");
  flags.Add("--tls-cert-file", config.tls.cert_file,
            "PEM with this server's certificate chain; turns TLS on for TCP; a change counts at once");
  flags.Add("--tls-key-file", config.tls.key_file, "PEM with the key of --tls-cert-file");
  flags.Add("--tls-client-ca-file", config.tls.client_ca_file,
            "PEM with who may vouch for clients; they must then show a certificate");
  flags.Add("--client-token-file", config.client_token_file,
            "File of tokens, one of which clients must show: NAME TOKEN [documents=N] a line; a "
            "change counts at once");
  flags.Add("--keepalive-seconds", config.connections.keepalive_seconds,
            "Pause after which a connection is asked for a sign of life; gone after a third more")
      ->check(CLI::Range(1, 86400));
  flags.Add("--max-streams-per-connection", config.connections.max_streams_per_connection,
            "Calls at once on one connection; more of them wait at the client")
      ->check(CLI::Range(1, 100000));
  flags.Add("--log-format", config.log_format, "plain or json")
      ->check(CLI::IsMember({"plain", "json"}));
}

void AddWorkerFlags(Flags& flags, Config& config) {
  flags.Add("--workers", config.workers,
            "Local workers: auto (one per CUDA device, else one on the CPU), none, a number, or "
            "devices such as cpu or cuda:0,cuda:1");
  flags.Add("--model", config.model,
            "Model of the local workers: a folder, a registry key or a repository, owner/name "
            "(QUIRE_MODEL, then DEEPSEEK_OCR_MODEL)");
  flags.Add("--models-dir", config.models_dir, "Folder that holds models by key; looked in before the caches");
  flags.Add("--worker-program", config.worker_program,
            "Path of quire-worker; beside this program when empty");
  flags.Add("--worker-args", config.worker_args,
            "A flag for each local worker, such as --worker-args=--dtype=f32; repeatable");
  flags.Add("--profile", config.profile,
            "Local workers time every so-many-th decode step by its parts; 0: none")
      ->check(CLI::Range(0, 1000000));
  flags.Add("--worker-listen", config.worker_listen,
            "Address, host:port, that remote workers dial; needs --worker-token-file or "
            "--worker-client-ca-file; TLS as --tls-cert-file says");
  flags.Add("--worker-token-file", config.worker_token_file,
            "File with the token that remote workers must show; a change counts at once");
  flags.Add("--worker-client-ca-file", config.worker_client_ca_file,
            "PEM with who may vouch for remote workers; they must then show a certificate");
  flags.Add("--worker-arena-megabytes", config.worker_arena_megabytes,
            "Memory that is shared with each local worker, in MiB; used as needed")
      ->check(CLI::Range(16, 1 << 20));
}

void AddRenderFlags(Flags& flags, Config& config) {
  flags.Add("--render-program", config.render_program,
            "Path of quire-render; beside this program when empty");
  flags.Add("--renderers", config.renderers, "Render processes")->check(CLI::Range(1, 256));
  flags.Add("--render-seconds", config.render_seconds,
            "Longest time for opening a document or drawing one page");
  flags.Add("--render-memory-megabytes", config.render_memory_megabytes,
            "Memory of one renderer, in MiB")
      ->check(CLI::Range(64, 1 << 20));
  flags.Add("--sandbox", config.sandbox,
            "Of the renderers: auto takes what the kernel has and logs what it lacks, required starts "
            "with the whole sandbox or not at all")
      ->check(CLI::IsMember({"auto", "required"}));
  flags.Add("--spool-memory-megabytes", config.spool_memory_megabytes,
            "A document above this moves from memory to disk, in MiB");
  flags.Add("--spool-total-gigabytes", config.spool_total_gigabytes,
            "All documents together, in GiB");
  flags.Add("--spool-dir", config.spool_dir, "Folder for large documents; $TMPDIR when empty");
}

void AddLimitFlags(Flags& flags, Config& config) {
  FrontLimits& limits = config.limits;
  flags.Add("--max-document-megabytes", config.max_document_megabytes,
            "Largest document, in millions of bytes");
  flags.Add("--max-document-pages", limits.max_document_pages, "Most pages of a document");
  flags.Add("--max-page-megapixels", config.max_page_megapixels,
            "Largest page image, in millions of pixels");
  flags.Add("--max-documents", limits.max_documents, "Documents at once");
  flags.Add("--max-waiting-pages", limits.max_waiting_pages,
            "Pages waiting; a document counts with at most 4 of its own");
  flags.Add("--max-page-attempts", limits.max_page_attempts, "Failed tries of one page");
  flags.Add("--upload-stall-seconds", limits.upload_stall_seconds,
            "Longest pause in an upload");
  flags.Add("--client-stall-seconds", limits.client_stall_seconds,
            "Longest pause of a client in taking answers");
  flags.Add("--page-stall-seconds", limits.page_stall_seconds,
            "Longest time that a worker with pages may stand still");
  flags.Add("--page-total-seconds", limits.page_total_seconds, "Longest time of reading one page");
  flags.Add("--worker-wait-seconds", limits.worker_wait_seconds,
            "Longest time that a document waits for a worker that can read it");
}

absl::Status Positive(const char* flag, double value) {
  if (value > 0 && std::isfinite(value)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(flag, " is ", value, "; give a number above 0"));
}

bool IsWorkers(const std::string& workers) {
  int count = 0;
  if (workers == "auto" || workers == "none") return true;
  if (absl::SimpleAtoi(workers, &count)) return count >= 1 && count <= 64;
  return !workers.empty() && std::all_of(workers.begin(), workers.end(), [](unsigned char c) {
    return std::isalnum(c) || c == ':' || c == ',';
  });
}

bool IsAddress(const std::string& address) {
  if (absl::StartsWith(address, "unix:")) return address.size() > 5;
  const size_t colon = address.rfind(':');
  int port = 0;
  return colon != std::string::npos && colon > 0 &&
         absl::SimpleAtoi(address.substr(colon + 1), &port) && port >= 0 && port <= 65535;
}

absl::Status CheckAddress(const char* flag, const std::string& address) {
  if (IsAddress(address)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(flag, " is '", address, "'; give host:port or unix:/path"));
}

}  // namespace

absl::Status Config::Validate() const {
  if (listen.empty()) return absl::InvalidArgumentError("--listen is empty; give an address");
  for (const std::string& address : listen) QUIRE_RETURN_IF_ERROR(CheckAddress("--listen", address));
  if (metrics_listen != "none") {
    QUIRE_RETURN_IF_ERROR(CheckAddress("--metrics-listen", metrics_listen));
  }
  if (!worker_listen.empty()) {
    QUIRE_RETURN_IF_ERROR(CheckAddress("--worker-listen", worker_listen));
    if (worker_token_file.empty() && worker_client_ca_file.empty()) {
      return absl::InvalidArgumentError(
          "--worker-listen needs --worker-token-file or --worker-client-ca-file: whoever dials it "
          "gets pages to read");
    }
  }
  if (tls.cert_file.empty() != tls.key_file.empty()) {
    return absl::InvalidArgumentError("--tls-cert-file and --tls-key-file go together");
  }
  if (tls.cert_file.empty() && !(tls.client_ca_file + worker_client_ca_file).empty()) {
    return absl::InvalidArgumentError(
        "--tls-client-ca-file and --worker-client-ca-file need --tls-cert-file: certificates are "
        "shown in TLS alone");
  }
  if (!IsWorkers(workers)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--workers is '", workers, "'; give auto, none, 1 to 64, or devices such as cuda:0,cuda:1"));
  }
  QUIRE_RETURN_IF_ERROR(Positive("--render-seconds", render_seconds));
  QUIRE_RETURN_IF_ERROR(Positive("--max-document-megabytes", max_document_megabytes));
  QUIRE_RETURN_IF_ERROR(Positive("--max-page-megapixels", max_page_megapixels));
  QUIRE_RETURN_IF_ERROR(Positive("--spool-memory-megabytes", spool_memory_megabytes));
  QUIRE_RETURN_IF_ERROR(Positive("--spool-total-gigabytes", spool_total_gigabytes));
  QUIRE_RETURN_IF_ERROR(Positive("--max-document-pages", limits.max_document_pages));
  QUIRE_RETURN_IF_ERROR(Positive("--max-documents", limits.max_documents));
  QUIRE_RETURN_IF_ERROR(Positive("--max-waiting-pages", limits.max_waiting_pages));
  QUIRE_RETURN_IF_ERROR(Positive("--max-page-attempts", limits.max_page_attempts));
  QUIRE_RETURN_IF_ERROR(Positive("--upload-stall-seconds", limits.upload_stall_seconds));
  QUIRE_RETURN_IF_ERROR(Positive("--client-stall-seconds", limits.client_stall_seconds));
  QUIRE_RETURN_IF_ERROR(Positive("--page-stall-seconds", limits.page_stall_seconds));
  QUIRE_RETURN_IF_ERROR(Positive("--page-total-seconds", limits.page_total_seconds));
  QUIRE_RETURN_IF_ERROR(Positive("--worker-wait-seconds", limits.worker_wait_seconds));
  if (!(drain_seconds >= 0)) return Positive("--drain-seconds", drain_seconds);
  return absl::OkStatus();
}

std::string Config::Describe() const {
  const auto or_none = [](const std::string& text) { return text.empty() ? "(none)" : text; };
  return absl::StrCat(
      "listen=", absl::StrJoin(listen, ","), " metrics-listen=", metrics_listen,
      " ready-file=", or_none(ready_file), " workers=", workers, " model=", model,
      " models-dir=", or_none(models_dir), " hugging-face-cache=", model_caches.hugging_face,
      " quire-cache=", model_caches.quire, " worker-program=", or_none(worker_program),
      " render-program=", or_none(render_program),
      " worker-args=", or_none(absl::StrJoin(worker_args, " ")),
      " profile=", profile, " worker-listen=", or_none(worker_listen),
      " worker-token-file=", worker_token_file.empty() ? "(none)" : "(given)",
      " worker-client-ca-file=", or_none(worker_client_ca_file),
      " tls-cert-file=", or_none(tls.cert_file), " tls-key-file=", or_none(tls.key_file),
      " tls-client-ca-file=", or_none(tls.client_ca_file),
      " client-token-file=", client_token_file.empty() ? "(none)" : "(given)",
      " worker-arena-megabytes=", worker_arena_megabytes, " renderers=", renderers,
      " render-seconds=", render_seconds, " render-memory-megabytes=", render_memory_megabytes,
      " sandbox=", sandbox,
      " spool-memory-megabytes=", spool_memory_megabytes,
      " spool-total-gigabytes=", spool_total_gigabytes, " spool-dir=", or_none(spool_dir),
      " max-document-megabytes=", max_document_megabytes,
      " max-document-pages=", limits.max_document_pages,
      " max-page-megapixels=", max_page_megapixels, " max-documents=", limits.max_documents,
      " max-waiting-pages=", limits.max_waiting_pages,
      " max-page-attempts=", limits.max_page_attempts,
      " upload-stall-seconds=", limits.upload_stall_seconds,
      " client-stall-seconds=", limits.client_stall_seconds,
      " page-stall-seconds=", limits.page_stall_seconds,
      " page-total-seconds=", limits.page_total_seconds,
      " worker-wait-seconds=", limits.worker_wait_seconds, " drain-seconds=", drain_seconds,
      " keepalive-seconds=", connections.keepalive_seconds,
      " max-streams-per-connection=", connections.max_streams_per_connection,
      " log-format=", log_format);
}

SpoolLimits Config::MakeSpoolLimits() const {
  return {.max_document_bytes = limits.max_document_bytes,
          .max_total_bytes = static_cast<int64_t>(spool_total_gigabytes * (1LL << 30)),
          .memory_bytes = spool_memory_megabytes * kBytesPerMebibyte,
          .directory = spool_dir};
}

RenderPoolOptions Config::MakeRenderPoolOptions() const {
  return {.program = render_program,
          .renderers = renderers,
          .page_seconds = render_seconds,
          .memory_bytes = render_memory_megabytes * kBytesPerMebibyte,
          .max_page_pixels = limits.max_page_pixels,
          .max_document_pages = limits.max_document_pages,
          .sandbox = sandbox};
}

ParsedConfig ParseConfig(int argc, const char* const* argv) {
  ParsedConfig parsed;
  Config& config = parsed.config;
  // The older name of the model's variable counts where QUIRE_MODEL is not set.
  if (const char* model = std::getenv("DEEPSEEK_OCR_MODEL"); model != nullptr && *model != '\0') {
    config.model = model;
  }
  config.model_caches = ChooseCacheFolders([](const char* name) { return std::getenv(name); });
  CLI::App app("Reads documents, page by page, over gRPC.", "quire-server");
  app.set_version_flag("--version", std::string("quire-server ") + kVersion);
  app.footer(kFooter);
  Flags flags(app);
  AddServiceFlags(flags, config);
  AddWorkerFlags(flags, config);
  AddRenderFlags(flags, config);
  AddLimitFlags(flags, config);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = app.exit(error) == 0 ? 0 : kExitUsage;
  }
  config.limits.max_document_bytes =
      static_cast<int64_t>(config.max_document_megabytes * kBytesPerMegabyte);
  config.limits.max_page_pixels = static_cast<int64_t>(config.max_page_megapixels * 1e6);
  return parsed;
}

}  // namespace quire::server
