#include "server/model_folder.h"

#include <filesystem>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace quire::server {
namespace {

namespace fs = std::filesystem;

constexpr int kLevelsUp = 4;

bool IsModel(const fs::path& folder) {
  std::error_code error;
  return fs::is_regular_file(folder / "config.json", error);
}

}  // namespace

absl::StatusOr<std::string> FindModelFolder(const std::string& model,
                                            const std::string& models_dir,
                                            const std::string& program_folder) {
  std::error_code error;
  if (IsModel(model)) return fs::absolute(model, error).string();
  std::vector<std::string> looked = {absl::StrCat(model, " (as a folder)")};
  std::vector<fs::path> candidates;
  if (!models_dir.empty()) candidates.push_back(fs::path(models_dir) / model);
  fs::path above = program_folder;
  for (int level = 0; level < kLevelsUp && !above.empty(); ++level) {
    candidates.push_back(above / "fixtures/models" / model);
    candidates.push_back(above / "share/quire/models" / model);
    if (above == above.parent_path()) break;
    above = above.parent_path();
  }
  for (const fs::path& candidate : candidates) {
    if (IsModel(candidate)) return fs::absolute(candidate, error).string();
    looked.push_back(candidate.string());
  }
  return absl::NotFoundError(absl::StrCat(
      "--model '", model, "' was not found; give a folder with config.json, or a key with "
      "--models-dir. Looked for: ", absl::StrJoin(looked, ", ")));
}

}  // namespace quire::server
