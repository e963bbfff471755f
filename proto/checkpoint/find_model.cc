#include "proto/checkpoint/find_model.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace quire {
namespace {

namespace fs = std::filesystem;

constexpr int kLevelsUp = 4;

bool IsModel(const fs::path& folder) {
  std::error_code error;
  return fs::is_regular_file(folder / "config.json", error);
}

std::string Absolute(const fs::path& folder) {
  std::error_code error;
  return fs::absolute(folder, error).lexically_normal().string();
}

std::vector<fs::path> ShippedFolders(const std::string& model, const std::string& program_folder) {
  std::vector<fs::path> folders;
  fs::path above = program_folder;
  for (int level = 0; level < kLevelsUp && !above.empty(); ++level) {
    folders.push_back(above / "fixtures/models" / model);
    folders.push_back(above / "share/quire/models" / model);
    if (above == above.parent_path()) break;
    above = above.parent_path();
  }
  return folders;
}

std::optional<RegistryEntry> EntryOf(const std::string& model) {
  if (std::optional<RegistryEntry> entry = FindRegistryEntry(model)) return entry;
  const absl::StatusOr<Repository> repository = ParseRepository(model);
  if (!repository.ok()) return std::nullopt;
  for (RegistryEntry& entry : ReadRegistry()) {
    if (entry.repository == repository->id) return std::move(entry);
  }
  return std::nullopt;
}

absl::Status NotFound(const std::string& model, const std::optional<Repository>& repository,
                      const std::vector<std::string>& looked) {
  const std::string where = absl::StrCat(" (looked for: ", absl::StrJoin(looked, ", "), ")");
  if (repository) {
    return absl::NotFoundError(absl::StrCat(
        "model '", model, "' is not on this machine; type: quire models pull ", model, where));
  }
  return absl::NotFoundError(
      absl::StrCat("model '", model,
                   "' was not found; give a folder with config.json, a repository (owner/name), or "
                   "one of the keys ",
                   RegistryKeys(), where));
}

}  // namespace

std::optional<Repository> RepositoryOf(const std::string& model) {
  if (const std::optional<RegistryEntry> entry = FindRegistryEntry(model)) {
    if (entry->repository.empty()) return std::nullopt;
    return Repository{.id = entry->repository, .revision = entry->revision};
  }
  const absl::StatusOr<Repository> repository = ParseRepository(model);
  if (!repository.ok()) return std::nullopt;
  return *repository;
}

absl::StatusOr<FoundModel> FindModel(const std::string& model, const ModelPlaces& places) {
  const std::optional<RegistryEntry> entry = EntryOf(model);
  if (IsModel(model)) return FoundModel{Absolute(model), "folder", std::nullopt};
  std::vector<std::string> looked = {absl::StrCat(model, " (as a folder)")};
  if (!places.models_dir.empty()) {
    const fs::path folder = fs::path(places.models_dir) / model;
    if (IsModel(folder)) return FoundModel{Absolute(folder), "models-dir", entry};
    looked.push_back(folder.string());
  }
  for (const fs::path& folder : ShippedFolders(model, places.program_folder)) {
    if (IsModel(folder)) return FoundModel{Absolute(folder), "shipped", entry};
  }
  looked.push_back(absl::StrCat("fixtures/models and share/quire/models in ", places.program_folder,
                                " and the folders above"));
  const std::optional<Repository> repository = RepositoryOf(model);
  if (!repository) return NotFound(model, repository, looked);
  const std::pair<const std::string&, const char*> caches[] = {
      {places.caches.hugging_face, "Hugging Face cache"}, {places.caches.quire, "Quire's cache"}};
  for (const auto& [cache, name] : caches) {
    const std::optional<Snapshot> snapshot = FindSnapshot(cache, *repository);
    if (snapshot && snapshot->lacking.empty()) {
      return FoundModel{Absolute(snapshot->folder), name, entry};
    }
    looked.push_back(snapshot ? absl::StrCat(snapshot->folder, " (it lacks ",
                                             absl::StrJoin(snapshot->lacking, ", "), ")")
                              : absl::StrCat(cache, "/", CacheFolderOf(*repository), " (revision ",
                                             repository->revision, ")"));
  }
  return NotFound(model, repository, looked);
}

}  // namespace quire
