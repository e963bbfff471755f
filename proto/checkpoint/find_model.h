#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/checkpoint/model_cache.h"
#include "proto/checkpoint/registry.h"

namespace quire {

// Where models are looked for.
struct ModelPlaces {
  std::string models_dir;      // --models-dir: holds models by key; none when empty
  std::string program_folder;  // of the running program, above which models ship
  CacheFolders caches;
};

// A model that was found on this machine.
struct FoundModel {
  std::string folder;  // absolute
  std::string place;   // "folder", "models-dir", "shipped", "Hugging Face cache", "Quire's cache"
  std::optional<RegistryEntry> entry;  // where it was found by a key or a repository that has one
};

// The folder of a model. In this order: `model` is a folder with config.json; a folder of
// `models_dir`; fixtures/models or share/quire/models in a folder above the program; a complete
// snapshot of the registry key's repository, or of the repository that `model` names (owner/name,
// owner/name@revision), in the Hugging Face cache, then in Quire's own. NotFound lists where it was
// looked for, what a snapshot lacks, and the command that fetches it; for an unknown name, the keys
// there are.
absl::StatusOr<FoundModel> FindModel(const std::string& model, const ModelPlaces& places);

// The repository that a key or an id stands for; nothing for folders and for what ships.
std::optional<Repository> RepositoryOf(const std::string& model);

}  // namespace quire
