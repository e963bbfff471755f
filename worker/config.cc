#include "worker/config.h"

#include <CLI/CLI.hpp>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "proto/version.h"

namespace quire::worker {

absl::Status Config::Validate() const {
  if (model.empty()) {
    return absl::InvalidArgumentError("--model is missing: give a folder with config.json, a registry key or owner/name");
  }
  if (attach.empty()) {
    return absl::InvalidArgumentError(
        "--attach is missing: give the front's address, as unix:/path or host:port");
  }
  if (arena_fd >= 0 && attach.size() > 1) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--attach names %d fronts, but a worker that shares memory (--arena-fd) has one",
        attach.size()));
  }
  if (std::set<std::string>(attach.begin(), attach.end()).size() < attach.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--attach names a front twice: ", absl::StrJoin(attach, ","), "; name each once"));
  }
  if (id.empty() || id.size() > 64) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--id has %d characters; give 1 to 64, unique among the front's workers", id.size()));
  }
  if (cert_file.empty() != key_file.empty()) {
    return absl::InvalidArgumentError("--cert-file and --key-file go together");
  }
  if (!cert_file.empty() && ca_file.empty()) {
    return absl::InvalidArgumentError(
        "--cert-file needs --ca-file: a certificate is shown in TLS alone");
  }
  if (device != "auto" && device != "cpu" && device != "mps" &&
      !absl::StartsWith(device, "cuda:")) {
    return absl::InvalidArgumentError(
        absl::StrCat("--device is '", device, "': use auto, cpu, mps or cuda:N"));
  }
  return absl::OkStatus();
}

std::string Config::Describe() const {
  const auto or_none = [](const std::string& text) { return text.empty() ? "(none)" : text; };
  return absl::StrFormat(
      "id=%s attach=%s model=%s device=%s dtype=%s kv-dtype=%s eight-bit=%s slots=%d threads=%d "
      "profile=%d token-file=%s ca-file=%s cert-file=%s key-file=%s arena-fd=%d metrics-listen=%s "
      "log-format=%s raise-device-fault-at-step=%d raise-out-of-memory-above-pages=%d",
      id, absl::StrJoin(attach, ","), model, device, dtype, kv_dtype, eight_bit, slots, threads,
      profile, or_none(token_file), or_none(ca_file), or_none(cert_file), or_none(key_file),
      arena_fd, metrics_listen, log_format, device_fault_at_step, out_of_memory_above_pages);
}

ParsedConfig ParseConfig(int argc, const char* const* argv) {
  ParsedConfig parsed;
  Config& config = parsed.config;
  CLI::App app("Reads pages for a quire-server with one device and one model.", "quire-worker");
  app.set_version_flag("--version", std::string("quire-worker ") + kVersion);
  app.footer(
      "Every flag has an environment variable: --log-format is QUIRE_WORKER_LOG_FORMAT.\n"
      "Exit codes: 0 stopped or drained, 1 the front was lost or refused this worker,\n"
      "2 wrong command line, 74 the device failed, 78 the model cannot be loaded or a flag's value "
      "is impossible.");
  const auto option = [&](const char* flag, auto& target, const char* text) {
    std::string variable = "QUIRE_WORKER_";
    for (const char* c = flag + 2; *c != '\0'; ++c) {
      variable += *c == '-' ? '_' : static_cast<char>(std::toupper(*c));
    }
    return app.add_option(flag, target, text)->envname(variable)->capture_default_str();
  };
  option("--model", config.model, "Model to read with: a folder, a registry key or a repository, owner/name");
  option("--device", config.device, "Where to compute: auto, cpu, mps, cuda:N");
  option("--dtype", config.dtype, "Element type of the weights: auto (f32 on CPU, bf16 else), "
                                  "f32, bf16, f16")
      ->check(CLI::IsMember({"auto", "f32", "bf16", "f16"}));
  option("--kv-dtype", config.kv_dtype, "Element type of the KV cache: auto (f16 beside f32 on a CPU, "
                                        "else as --dtype), f32, bf16, f16")
      ->check(CLI::IsMember({"auto", "f32", "bf16", "f16"}));
  option("--eight-bit", config.eight_bit,
         "8-bit weights: keep them so (half of bf16's memory; slower but on a CPU in f32), decode "
         "them at load, or auto: keep on a CPU in f32, decode else")
      ->check(CLI::IsMember({"auto", "keep", "decode"}));
  option("--slots", config.slots, "Pages read at once; 0 chooses by the device")
      ->check(CLI::Range(0, 1024));
  option("--threads", config.threads, "Threads for computing on a CPU; 0 takes every core")
      ->check(CLI::Range(0, 1024));
  option("--profile", config.profile,
         "Time every so-many-th decode step by its parts (attention, experts, head, sampling); 0: none")
      ->check(CLI::Range(0, 1000000));
  option("--id", config.id, "Name of this worker, unique among the front's workers");
  option("--attach", config.attach,
         "Address of the front: unix:/path or host:port; several, repeated or with commas, share "
         "this worker's slots")
      ->delimiter(',');
  option("--token-file", config.token_file, "File with the token that a front over TCP asks for");
  option("--ca-file", config.ca_file,
         "PEM with who may vouch for a front over TCP; turns TLS on; read again at every dial");
  option("--cert-file", config.cert_file, "PEM with the certificate to show the front");
  option("--key-file", config.key_file, "PEM with the key of --cert-file");
  option("--arena-fd", config.arena_fd, "Descriptor of the memory shared with the front; set by "
                                        "quire-server for its children");
  option("--metrics-listen", config.metrics_listen,
         "Address of GET /metrics, host:port (port 0: any free one), or none: a local worker's "
         "figures are the front's, too");
  option("--log-format", config.log_format, "plain or json")
      ->check(CLI::IsMember({"plain", "json"}));
  option("--raise-device-fault-at-step", config.device_fault_at_step,
         "For tests: this step of the model fails as a broken CUDA device does; 0: none")
      ->check(CLI::NonNegativeNumber);
  option("--raise-out-of-memory-above-pages", config.out_of_memory_above_pages,
         "For tests: a step of more pages, or of more views, finds no device memory, as CUDA says it; 0: none")
      ->check(CLI::NonNegativeNumber);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    parsed.exit_code = code == 0 ? 0 : 2;
  }
  return parsed;
}

}  // namespace quire::worker
