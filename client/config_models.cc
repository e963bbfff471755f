#include "client/config_models.h"

#include <CLI/CLI.hpp>
#include <cctype>
#include <cstdlib>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/exit_code.h"
#include "client/local_server.h"

namespace quire::client {
namespace {

// QUIRE_MODELS_STALL_SECONDS for "--stall-seconds", QUIRE_MODELS_DIR for "--models-dir".
std::string VariableOf(const std::string& flags) {
  const size_t begin = flags.find("--") + 2;
  std::string name = flags.substr(begin, flags.find(',', begin) - begin);
  if (!absl::StartsWith(name, "models-")) name = "models-" + name;
  for (char& c : name)
    c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return "QUIRE_" + name;
}

std::string ValueOf(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? "" : std::string(absl::StripAsciiWhitespace(value));
}

template <typename T>
CLI::Option* Add(CLI::App& app, const std::string& flags, T& target, const std::string& text) {
  return app.add_option(flags, target, text)->envname(VariableOf(flags))->capture_default_str();
}

void ReadEnvironment(ModelsConfig& config) {
  config.places.caches = ChooseCacheFolders([](const char* name) { return std::getenv(name); });
  config.places.program_folder = OwnFolder();
  config.token = ValueOf("HF_TOKEN");
  if (std::string hub = ValueOf("HF_ENDPOINT"); !hub.empty()) config.hub = hub;
  while (absl::EndsWith(config.hub, "/")) config.hub.pop_back();
}

std::string Footer() {
  return absl::StrCat(
      "Models are looked for in a folder, in --models-dir, beside quire, in the Hugging Face "
      "cache\n"
      "(HF_HUB_CACHE, else HF_HOME/hub) and in Quire's own (QUIRE_CACHE_DIR/models, else\n"
      "~/.cache/quire/models), where pull puts them. HF_ENDPOINT names another hub than\n"
      "https://huggingface.co, HF_TOKEN is sent to it and to no other host.\n\n",
      std::string(kExitCodeHelp));
}

}  // namespace

const CLI::App* AddModelsCommand(CLI::App& app, ModelsConfig& config) {
  ReadEnvironment(config);
  static const std::map<std::string, bool> formats = {{"text", false}, {"json", true}};
  CLI::App* models = app.add_subcommand("models", "List, show, check and fetch models");
  models->require_subcommand(1)->footer(Footer());
  const auto command = [&](ModelsAction action, const char* name, const char* text) {
    CLI::App* added = models->add_subcommand(name, text);
    added->footer(Footer());
    added->callback([&config, action] { config.action = action; });
    if (action != ModelsAction::kList) {
      added->add_option("MODEL", config.model, "Registry key, owner/name[@revision], or a folder")
          ->required();
    }
    if (action == ModelsAction::kPull) {
      Add(*added, "--retries", config.retries, "Tries in a row without a byte of a file, 0 to 100");
      Add(*added, "--stall-seconds", config.stall_seconds,
          "Longest time without a byte, 0.1 to 3600");
      added->add_flag("--quiet,-q", config.quiet, "Print errors only to standard error")
          ->envname(VariableOf("--quiet"));
      return;
    }
    Add(*added, "--models-dir", config.places.models_dir, "Folder that holds models by key");
    added->add_option("--format,-f", config.json, "text or json")
        ->envname(VariableOf("--format"))
        ->transform(CLI::CheckedTransformer(formats).description("{json,text}"));
  };
  command(ModelsAction::kList, "list",
          "What is known and what is here: size, whether it fits, where");
  command(ModelsAction::kShow, "show", "What the registry and a model's config.json say");
  command(ModelsAction::kVerify, "verify", "Check a model's files without loading it");
  command(ModelsAction::kPull, "pull", "Fetch a model from the hub");
  return models;
}

absl::Status ValidateModels(const ModelsConfig& config) {
  if (config.retries < 0 || config.retries > 100) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--retries is %d: use 0 to 100", config.retries));
  }
  if (!(config.stall_seconds >= 0.1 && config.stall_seconds <= 3600)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--stall-seconds is %g: use 0.1 to 3600", config.stall_seconds));
  }
  return absl::OkStatus();
}

}  // namespace quire::client
