#include "client/config.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/config_bench.h"
#include "client/config_description.h"
#include "client/config_evaluate.h"
#include "client/config_models.h"
#include "client/exit_code.h"
#include "client/preset.h"
#include "client/shell/completion.h"
#include "client/shell/man_page.h"
#include "proto/version.h"

namespace quire::client {
namespace {

absl::Status Wrong(const std::string& text) { return absl::InvalidArgumentError(text); }

// QUIRE_PASSWORD_FILE for "--password-file,...". QUIRE_MODEL names what a server loads, so that
// the client's --model has a variable of its own.
std::string VariableOf(const std::string& flags) {
  if (flags == "--model") return "QUIRE_RECOGNISE_MODEL";
  const size_t begin = flags.find("--") + 2;
  std::string name = flags.substr(begin, flags.find(',', begin) - begin);
  for (char& c : name) c = c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return "QUIRE_" + name;
}

template <typename T>
CLI::Option* Add(CLI::App& app, const std::string& flags, T& target, const std::string& text) {
  return app.add_option(flags, target, text)->envname(VariableOf(flags));
}

CLI::Option* AddFlag(CLI::App& app, const std::string& flags, bool& target,
                     const std::string& text) {
  return app.add_flag(flags, target, text)->envname(VariableOf(flags));
}

void AddAccess(CLI::App& app, Config& config) {
  Add(app, "--ca-file", config.access.ca_file,
      "PEM with who may vouch for the server; turns TLS on");
  Add(app, "--cert-file", config.access.cert_file, "PEM with the certificate to show the server");
  Add(app, "--key-file", config.access.key_file, "PEM with the key of --cert-file");
  Add(app, "--token-file", config.access.token_file, "File with the token that the server asks for");
}

void AddWhichServer(CLI::App& app, Config& config) {
  Add(app, "--server", config.server, "Address of the server: host:port or unix:/path")
      ->capture_default_str();
  AddAccess(app, config);
  AddFlag(app, "--local", config.local,
          "Start a quire-server for this call and stop it after; wins over --server");
}

void AddWhatToRead(CLI::App& app, RecogniseConfig& config) {
  app.add_option("FILE", config.files, "PDF or image to read; - is standard input");
  Add(app, "--watch", config.watched_folder,
      "Read what is in this folder and what is put there, until Ctrl-C; needs -o");
  Add(app, "--pages", config.pages, "Pages to read, such as 1-3,7; all when left out");
  Add(app, "--task", config.task, "What to ask for; markdown when left out")
      ->check(CLI::IsMember({"markdown", "free-text", "figure", "describe", "locate", "custom"}));
  Add(app, "--prompt", config.prompt, "Ask this instead (task custom)");
  Add(app, "--locate", config.locate, "Find this text on the page (task locate)");
  Add(app, "--preset", config.preset, PresetHelp())->check(CLI::IsMember(PresetNames()));
  Add(app, "--mode", config.mode, "How pages are cut into views; the model's choice when left out")
      ->check(CLI::IsMember({"auto", "tiny", "small", "base", "large", "gundam"}));
  Add(app, "--dpi", config.dpi, "Resolution for PDF pages, 36 to 1200; 0: the model's own");
  Add(app, "--model", config.model,
      "Key of the model where a server has several; with --local also what it loads");
  Add(app, "--max-tokens", config.max_tokens, "Most tokens for one page; 0: the model's context");
  Add(app, "--password-file", config.password_file, "File whose first line opens the PDF");
}

void AddTreatment(CLI::App& app, PageTreatment& treatment) {
  Add(app, "--text-layer", treatment.text_layer,
      "A PDF's own text: use it where a page has it, compare it with what is read (the edit "
      "distance "
      "of each page is in the JSON), or ignore it (the default)")
      ->check(CLI::IsMember({"use", "compare", "ignore"}));
  Add(app, "--orient", treatment.orient,
      "auto: try a page that reads badly turned by 90, 180 and 270 degrees, too; none (the "
      "default)")
      ->check(CLI::IsMember({"auto", "none"}));
  Add(app, "--clean", treatment.clean_ups,
      "Clean page images before they are read: deskew, background (shadows, paper), contrast; "
      "several with commas")
      ->delimiter(',')
      ->check(CLI::IsMember({"deskew", "background", "contrast"}));
  Add(app, "--frames", treatment.frames,
      "Frames of a video to read: every=2s, scene (each new picture), or count=20");
}

void AddHowToWrite(CLI::App& app, RecogniseConfig& config) {
  static const std::map<std::string, OutputFormat> formats = {
      {"markdown", OutputFormat::kMarkdown}, {"text", OutputFormat::kText},
      {"json", OutputFormat::kJson},         {"document", OutputFormat::kDocument},
      {"hocr", OutputFormat::kHocr},         {"pdf", OutputFormat::kPdf}};
  Add(app, "--format,-f", config.format,
      "markdown, text, json, hocr, document (one Markdown text without page ends), or pdf (page "
      "images "
      "over their text, searchable)")
      ->transform(
          CLI::CheckedTransformer(formats).description("{document,hocr,json,markdown,pdf,text}"));
  Add(app, "--output-dir,-o", config.output_folder,
      "Write NAME.md, .txt, .json, .hocr or .pdf for each document into this folder");
  AddFlag(app, "--resume", config.resume,
          "Do not read again what an earlier call with the same flags left in the output folder");
  AddFlag(app, "--figures", config.figures,
          "Cut figures out into NAME.figures/PAGE-NUMBER.png beside the text, which links to them; "
          "needs -o");
  Add(app, "--report", config.report_file,
      "Write one HTML file about all documents: pages with boxes beside their text, and times");
  Add(app, "--report-preview-px", config.report_preview_px,
      "Longer side of the report's pictures of pages, 100 to 4000; 0: blank sheets")
      ->capture_default_str();
  AddFlag(app, "--ordered,!--unordered", config.ordered,
          "Pages in page order (the default), or as they finish; files and documents are always in order");
  AddFlag(app, "--stream", config.stream,
          "Print text while it is written, as the model writes it, layout tags included");
  AddFlag(app, "--raw", config.raw,
          "Print what the model wrote, layout tags included; in JSON as raw_output");
  AddFlag(app, "--summary", config.summary, "End with pages, seconds and seconds by stage");
  AddFlag(app, "--quiet,-q", config.quiet, "Print errors only to standard error");
}

void AddHowToCall(CLI::App& app, RecogniseConfig& config) {
  Add(app, "--timeout-seconds", config.timeout_seconds,
      "Give a document up after this long; 0: never");
  Add(app, "--retries", config.retries, "Tries again while the server is busy, 0 to 100");
  Add(app, "--request-id", config.request_id,
      "Your name for this request in the server's log and the answer");
}

std::string Footer() {
  return absl::StrCat(
      "Pages go to standard output as they finish, each under a line <!-- page N --> (markdown)\n"
      "or --- page N --- (text). JSON is one object for a document, one a line for several.\n"
      "Messages and progress go to standard error. Every flag has a variable: --timeout-seconds is\n"
      "QUIRE_TIMEOUT_SECONDS; only --model is QUIRE_RECOGNISE_MODEL.\n\n",
      std::string(kExitCodeHelp));
}

absl::Status ValidateRecognise(const RecogniseConfig& config) {
  if (config.files.empty() == config.watched_folder.empty()) {
    return Wrong("FILE and --watch: name documents to read, or a folder to watch, not both");
  }
  if (config.output_folder.empty() && (config.resume || !config.watched_folder.empty())) {
    return Wrong("--resume and --watch need a folder for the output: give -o FOLDER");
  }
  if (std::count(config.files.begin(), config.files.end(), "-") > 1) {
    return Wrong("FILE: standard input (-) is named twice and can be read once");
  }
  if (config.pages.find_first_not_of("0123456789-, ") != std::string::npos) {
    return Wrong(absl::StrCat("--pages is '", Printable(config.pages),
                              "': use numbers and ranges from 1 on, such as 1-3,7"));
  }
  if (config.dpi != 0 && !(config.dpi >= 36 && config.dpi <= 1200)) {
    return Wrong(absl::StrFormat("--dpi is %g: use 36 to 1200, or 0 for the model's own",
                                 config.dpi));
  }
  if (config.max_tokens < 0) {
    return Wrong(absl::StrFormat("--max-tokens is %d: use 1 or more, or 0 for the model's context",
                                 config.max_tokens));
  }
  if (config.retries < 0 || config.retries > 100) {
    return Wrong(absl::StrFormat("--retries is %d: use 0 to 100", config.retries));
  }
  if (!(config.timeout_seconds >= 0 && config.timeout_seconds <= 1e8)) {
    return Wrong(absl::StrFormat("--timeout-seconds is %g: use 0 (none) to 1e8",
                                 config.timeout_seconds));
  }
  if (config.stream && (NeedsBlocks(config.format) || !config.output_folder.empty())) {
    return Wrong("--stream prints text to standard output: use --format markdown or text, without "
                 "-o");
  }
  if (config.report_preview_px != 0 &&
      (config.report_preview_px < 100 || config.report_preview_px > 4000)) {
    return Wrong(absl::StrFormat("--report-preview-px is %d: use 100 to 4000, or 0 for none",
                                 config.report_preview_px));
  }
  const bool has_links =
      config.format != OutputFormat::kHocr && config.format != OutputFormat::kPdf;
  if (config.figures && (config.output_folder.empty() || !has_links)) {
    return Wrong(
        "--figures writes images beside a text that can link to them: give -o FOLDER, and another "
        "format than hocr and pdf");
  }
  if (config.resume && NeedsImages(config.format)) {
    return Wrong("--resume keeps pages without their images: leave it out with --format pdf");
  }
  if (config.report_file == "-") {
    return Wrong("--report is '-': give a file's name; standard output is for the text");
  }
  if (config.raw && NeedsBlocks(config.format) && config.format != OutputFormat::kJson) {
    return Wrong("--raw prints what the model wrote for a page: use --format markdown, text or "
                 "json");
  }
  const auto task_is = [&](const char* task) { return config.task.empty() || config.task == task; };
  if (!config.prompt.empty() && !config.locate.empty()) {
    return Wrong("--prompt and --locate are two tasks: give one of them");
  }
  if ((config.task == "custom" && config.prompt.empty()) ||
      (!config.prompt.empty() && !task_is("custom"))) {
    return Wrong("--task custom and --prompt TEXT go together");
  }
  if ((config.task == "locate" && config.locate.empty()) ||
      (!config.locate.empty() && !task_is("locate"))) {
    return Wrong("--task locate and --locate TEXT go together");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Config::Validate() const {
  if (!local && !absl::StrContains(server, ":")) {
    return Wrong(absl::StrCat("--server is '", Printable(server),
                              "': give host:port, such as 127.0.0.1:50051, or unix:/path"));
  }
  for (const std::string& each : servers) {
    if (absl::StrContains(each, ":")) continue;
    return Wrong(absl::StrCat("--servers names '", Printable(each),
                              "': give host:port or unix:/path"));
  }
  if (access.cert_file.empty() != access.key_file.empty()) {
    return Wrong("--cert-file and --key-file go together");
  }
  if (!access.cert_file.empty() && access.ca_file.empty()) {
    return Wrong("--cert-file needs --ca-file: a certificate is shown in TLS alone");
  }
  if (!(interval_seconds >= 0.2 && interval_seconds <= 60)) {
    return Wrong(absl::StrFormat("--interval-seconds is %g: use 0.2 to 60", interval_seconds));
  }
  if (command == Command::kModels) return ValidateModels(models);
  if (command == Command::kEvaluate) return ValidateEvaluate(evaluate);
  if (command == Command::kBench) return ValidateBench(bench);
  if (command == Command::kTrace) return ValidateTrace(trace);
  if (command == Command::kProfile) return ValidateProfile(profile);
  return command == Command::kRecognise ? ValidateRecognise(recognise) : absl::OkStatus();
}

ParsedConfig ParseConfig(int argc, const char* const* argv) {
  ParsedConfig parsed;
  Config& config = parsed.config;
  CLI::App app("Reads documents, page by page, with a quire-server.", "quire");
  app.set_version_flag("--version", std::string("quire ") + kVersion);
  app.require_subcommand(1);
  app.footer(Footer());

  CLI::App* recognise = app.add_subcommand("recognise", "Read documents: PDF, PNG, JPEG, ...");
  recognise->alias("recognize")->footer(Footer());
  AddWhatToRead(*recognise, config.recognise);
  AddTreatment(*recognise, config.recognise.treatment);
  AddHowToWrite(*recognise, config.recognise);
  AddHowToCall(*recognise, config.recognise);
  AddWhichServer(*recognise, config);

  CLI::App* status =
      app.add_subcommand("status", "Say what a server runs: models, workers, limits");
  bool status_watches = false;
  AddFlag(*status, "--json", config.json, "As JSON: GetServerInfoResponse");
  // QUIRE_WATCH is no word for this one alone.
  status->add_flag("--watch", status_watches, "Go on as quire watch does")
      ->envname("QUIRE_STATUS_WATCH");
  AddWhichServer(*status, config);

  CLI::App* watch = app.add_subcommand("watch", "Show servers' queues, workers and documents until Ctrl-C");
  Add(*watch, "--servers", config.servers, "Addresses of several servers, instead of --server")
      ->delimiter(',');
  AddFlag(*watch, "--json", config.json, "As JSON, a line each: WatchStatusResponse");
  Add(*watch, "--interval-seconds", config.interval_seconds, "Seconds between lines, 0.2 to 60")
      ->capture_default_str();
  AddWhichServer(*watch, config);

  const CLI::App* models = AddModelsCommand(app, config.models);
  CLI::App* evaluate = AddEvaluateCommand(app, config.evaluate);
  AddAccess(*evaluate, config);
  CLI::App* bench = AddBenchCommand(app, config.bench);
  AddWhichServer(*bench, config);
  CLI::App* trace = AddTraceCommand(app, config.trace);
  AddWhichServer(*trace, config);
  CLI::App* profile = AddProfileCommand(app, config.profile);
  AddWhichServer(*profile, config);

  std::string shell;
  CLI::App* completion =
      app.add_subcommand("completion", "Print a script that completes quire's flags in a shell");
  completion->add_option("SHELL", shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  const CLI::App* man = app.add_subcommand("man", "Print the manual page: quire man | man -l -");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = app.exit(error) == 0 ? kExitOk : kExitUsage;
    return parsed;
  }
  if (completion->parsed() || man->parsed()) {
    const std::string text = man->parsed() ? WriteManPage(Describe(app), kVersion, kExitCodeHelp)
                                           : WriteCompletion(shell, Describe(app));
    const bool written = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
    parsed.exit_code = written ? kExitOk : kExitPipeClosed;
    return parsed;
  }
  config.command = status->parsed() ? Command::kStatus
                   : watch->parsed() ? Command::kWatch
                   : models->parsed() ? Command::kModels
                   : evaluate->parsed() ? Command::kEvaluate
                   : bench->parsed() ? Command::kBench
                   : trace->parsed() ? Command::kTrace
                   : profile->parsed() ? Command::kProfile
                                     : Command::kRecognise;
  if (status_watches) config.command = Command::kWatch;
  ApplyPreset(config.recognise);
  if (const absl::Status valid = config.Validate(); !valid.ok()) {
    std::fprintf(stderr, "quire: %s\n", std::string(valid.message()).c_str());
    parsed.exit_code = kExitUsage;
  }
  return parsed;
}

}  // namespace quire::client
