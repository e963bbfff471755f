#include "proto/checkpoint/model_cache.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "proto/checkpoint/json_fields.h"
#include "proto/checkpoint/weight_files.h"

namespace quire {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostRefBytes = 4096;
constexpr size_t kMostNameBytes = 128;

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kMostNameBytes && name[0] != '.' && name[0] != '-' &&
         name.find("--") == std::string_view::npos && name.find("..") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) || c == '.' || c == '_' || c == '-';
         });
}

}  // namespace

CacheFolders ChooseCacheFolders(const std::function<const char*(const char*)>& variable) {
  const auto value = [&](const char* name) {
    const char* text = variable(name);
    return std::string(text == nullptr ? "" : text);
  };
  const auto first = [](std::initializer_list<std::string> choices) {
    return *std::find_if(choices.begin(), choices.end(), [](const auto& c) { return !c.empty(); });
  };
  const auto inside = [](const std::string& folder, const char* rest) {
    return folder.empty() ? std::string() : absl::StrCat(folder, "/", rest);
  };
  const std::string caches =
      first({value("XDG_CACHE_HOME"), inside(value("HOME"), ".cache"), ".cache"});
  return {.hugging_face = first({value("HF_HUB_CACHE"), inside(value("HF_HOME"), "hub"),
                                 caches + "/huggingface/hub"}),
          .quire = first({inside(value("QUIRE_CACHE_DIR"), "models"), caches + "/quire/models"})};
}

bool IsRevision(std::string_view revision) {
  return IsName(absl::StrReplaceAll(absl::string_view(revision.data(), revision.size()),
                                    {{"/", "_"}})) &&
         revision.front() != '/' && revision.back() != '/';
}

bool IsPlainFileName(std::string_view name) { return IsName(name); }

absl::StatusOr<Repository> ParseRepository(std::string_view text) {
  Repository repository;
  const size_t at = text.find('@');
  if (at != std::string_view::npos) repository.revision = text.substr(at + 1);
  repository.id = text.substr(0, at);
  const size_t slash = repository.id.find('/');
  if (slash == std::string::npos || !IsName(repository.id.substr(0, slash)) ||
      !IsName(repository.id.substr(slash + 1)) || !IsRevision(repository.revision)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", absl::CEscape(absl::string_view(text.data(), text.size())),
                     "' is no repository; give owner/name or owner/name@revision"));
  }
  return repository;
}

std::string CacheFolderOf(const Repository& repository) {
  return absl::StrCat("models--", absl::StrReplaceAll(repository.id, {{"/", "--"}}));
}

std::vector<std::string> LackingFiles(const std::string& folder) {
  std::vector<std::string> lacking;
  std::error_code error;
  for (const char* name : {"config.json", "tokenizer.json"}) {
    if (!fs::is_regular_file(fs::path(folder) / name, error)) lacking.push_back(name);
  }
  const absl::StatusOr<WeightFiles> weights = FindWeightFiles(folder);
  bool has_files = weights.ok();
  for (size_t i = 0; has_files && i < weights->paths.size(); ++i) {
    has_files = fs::is_regular_file(weights->paths[i], error);
  }
  if (!has_files) lacking.push_back("*.safetensors");
  return lacking;
}

std::optional<Snapshot> FindSnapshot(const std::string& cache_folder,
                                     const Repository& repository) {
  const fs::path root = fs::path(cache_folder) / CacheFolderOf(repository);
  std::string commit = repository.revision;
  const auto ref = ReadSmallFile((root / "refs" / repository.revision).string(), kMostRefBytes);
  if (ref.ok()) commit = std::string(absl::StripAsciiWhitespace(*ref));
  if (!IsName(commit)) return std::nullopt;
  Snapshot snapshot{.folder = (root / "snapshots" / commit).string(), .commit = commit};
  std::error_code error;
  if (!fs::is_directory(snapshot.folder, error)) return std::nullopt;
  snapshot.lacking = LackingFiles(snapshot.folder);
  return snapshot;
}

}  // namespace quire
