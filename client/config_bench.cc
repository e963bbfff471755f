#include "client/config_bench.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/exit_code.h"
#include "client/page_format.h"

namespace quire::client {
namespace {

absl::Status Wrong(const std::string& text) { return absl::InvalidArgumentError(text); }

// Flags of one command, with variables such as QUIRE_BENCH_MAX_TOKENS.
class Flags {
 public:
  Flags(CLI::App& app, std::string prefix) : app_(app), prefix_(std::move(prefix)) {}

  template <typename T>
  CLI::Option* Add(const std::string& flags, T& target, const std::string& text) {
    return app_.add_option(flags, target, text)->envname(VariableOf(flags));
  }
  void AddSwitch(const std::string& flags, bool& target, const std::string& text) {
    app_.add_flag(flags, target, text)->envname(VariableOf(flags));
  }

 private:
  std::string VariableOf(const std::string& flags) const {
    const size_t begin = flags.find("--") + 2;
    std::string name = flags.substr(begin, flags.find(',', begin) - begin);
    for (char& c : name) {
      c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return prefix_ + name;
  }

  CLI::App& app_;
  const std::string prefix_;
};

// What the three commands say of each document in the same words.
void AddChoice(Flags& flags, PageChoice& choice) {
  flags.Add("--pages", choice.pages, "Pages to read of each document, such as 1-3,7");
  flags.Add("--task", choice.task, "What to ask for; markdown when left out")
      ->check(CLI::IsMember({"markdown", "free-text", "figure", "describe"}));
  flags.Add("--mode", choice.mode, "How pages are cut into views; the model's choice when left out")
      ->check(CLI::IsMember({"auto", "tiny", "small", "base", "large", "gundam"}));
  flags.Add("--model", choice.model,
            "Key of the model where a server has several; with --local also what it loads");
  flags.Add("--max-tokens", choice.max_tokens, "Most tokens for one page; 0: the model's context");
}

absl::Status ValidateChoice(const PageChoice& choice) {
  if (choice.pages.find_first_not_of("0123456789-, ") != std::string::npos) {
    return Wrong(absl::StrCat("--pages is '", Printable(choice.pages),
                              "': use numbers and ranges from 1 on, such as 1-3,7"));
  }
  if (choice.max_tokens < 0) {
    return Wrong(absl::StrFormat("--max-tokens is %d: use 1 or more, or 0 for the model's context",
                                 choice.max_tokens));
  }
  return absl::OkStatus();
}

absl::Status RefuseStandardInput(const std::vector<std::string>& files) {
  if (std::find(files.begin(), files.end(), "-") == files.end()) return absl::OkStatus();
  return Wrong("FILE is -: documents are sent again and again, so give files");
}

absl::Status InRange(const char* flag, double value, double least, double most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return Wrong(absl::StrFormat("%s is %g: use %g to %g", flag, value, least, most));
}

}  // namespace

CLI::App* AddBenchCommand(CLI::App& app, BenchConfig& config) {
  CLI::App* bench = app.add_subcommand("bench", "Load a server and measure it; compare two runs");
  bench->footer(absl::StrCat(
      "Stages, p50, p90 and p99 are of pages; the first page counts from the sending of its\n"
      "document. The bottleneck is where pages spend their time at work; with the server's\n"
      "--profile (as --local has it) decoding is told by part.\n\n",
      std::string(kExitCodeHelp)));
  Flags flags(*bench, "QUIRE_BENCH_");
  bench->add_option("FILE", config.files, "PDF or image to send, again and again");
  flags.Add("--mix", config.mix, "How often each FILE is sent, such as 3,1; all alike when left out")
      ->delimiter(',');
  flags.Add("--concurrency", config.concurrency, "Documents at once, 1 to 256")
      ->capture_default_str();
  flags.Add("--rate", config.rate,
            "Documents that arrive a second, at random moments, however many are being read; 0: "
            "--concurrency rules")
      ->capture_default_str();
  flags.Add("--seconds", config.seconds, "Seconds that are measured")->capture_default_str();
  flags.Add("--warm-up-seconds", config.warm_up_seconds, "Seconds before them that do not count")
      ->capture_default_str();
  flags.Add("--documents", config.documents,
            "Send so many documents and measure until the last, instead of --seconds; 0: no");
  AddChoice(flags, config.choice);
  flags.AddSwitch("--json", config.json, "As JSON, with the samples that --compare needs");
  flags.Add("--compare", config.compare, "Compare with an earlier run: a file that --json gave");
  flags.Add("--with", config.with, "Compare that with this one, without running anything");
  flags.AddSwitch("--quiet,-q", config.quiet, "Print errors only to standard error");
  return bench;
}

CLI::App* AddTraceCommand(CLI::App& app, TraceConfig& config) {
  CLI::App* trace =
      app.add_subcommand("trace", "Read a document and write its timeline as Chrome trace JSON");
  trace->footer(absl::StrCat("Open what it writes in Perfetto (ui.perfetto.dev) or in\n"
                             "chrome://tracing.\n\n",
                             std::string(kExitCodeHelp)));
  Flags flags(*trace, "QUIRE_TRACE_");
  trace->add_option("FILE", config.file, "PDF or image to read; - is standard input")->required();
  flags.Add("--output-file,-o", config.output_file, "Write into this file; standard output when left out");
  AddChoice(flags, config.choice);
  return trace;
}

CLI::App* AddProfileCommand(CLI::App& app, ProfileConfig& config) {
  CLI::App* profile = app.add_subcommand(
      "profile", "Say where the time goes on this device, and what would help most");
  profile->footer(absl::StrCat(
      "Reads the files as they are, then with other modes, token caps and numbers of pages at\n"
      "once, with --local also in other precisions, and names the three that help most.\n\n",
      std::string(kExitCodeHelp)));
  Flags flags(*profile, "QUIRE_PROFILE_");
  profile->add_option("FILE", config.files, "PDF or image of the page set")->required();
  AddChoice(flags, config.choice);
  flags.Add("--runs", config.runs, "Runs of each setting, 1 to 20")->capture_default_str();
  flags.AddSwitch("--json", config.json, "As JSON");
  flags.AddSwitch("--quiet,-q", config.quiet, "Print errors only to standard error");
  return profile;
}

absl::Status ValidateBench(const BenchConfig& config) {
  if (!config.with.empty() && config.compare.empty()) return Wrong("--with needs --compare");
  if (!config.with.empty() && !config.files.empty()) {
    return Wrong("--with compares two stored runs: leave FILE out");
  }
  if (config.with.empty() && config.files.empty()) return Wrong("FILE is missing: give what is sent");
  if (absl::Status status = RefuseStandardInput(config.files); !status.ok()) return status;
  if (!config.mix.empty() && config.mix.size() != config.files.size()) {
    return Wrong(absl::StrFormat("--mix has %d numbers for %d files: give one for each",
                                 config.mix.size(), config.files.size()));
  }
  for (const int times : config.mix) {
    if (absl::Status status = InRange("--mix", times, 1, 1000); !status.ok()) return status;
  }
  for (const absl::Status& status :
       {InRange("--concurrency", config.concurrency, 1, 256), InRange("--rate", config.rate, 0, 1000),
        InRange("--seconds", config.seconds, 0.1, 86400),
        InRange("--warm-up-seconds", config.warm_up_seconds, 0, 3600),
        InRange("--documents", config.documents, 0, 1000000)}) {
    if (!status.ok()) return status;
  }
  return ValidateChoice(config.choice);
}

absl::Status ValidateTrace(const TraceConfig& config) { return ValidateChoice(config.choice); }

absl::Status ValidateProfile(const ProfileConfig& config) {
  if (absl::Status status = RefuseStandardInput(config.files); !status.ok()) return status;
  if (absl::Status status = InRange("--runs", config.runs, 1, 20); !status.ok()) return status;
  return ValidateChoice(config.choice);
}

}  // namespace quire::client
