#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace quire {

// Where fetched models lie. Both folders have the Hugging Face layout:
//   models--OWNER--NAME/refs/REVISION             the commit that a branch or tag stood at
//   models--OWNER--NAME/snapshots/COMMIT/FILE     files, or symbolic links to ../../blobs/ETAG
struct CacheFolders {
  std::string hugging_face;  // read only
  std::string quire;         // `quire models pull` writes here
};

// HF_HUB_CACHE, else HF_HOME/hub, else XDG_CACHE_HOME/huggingface/hub, else
// ~/.cache/huggingface/hub; QUIRE_CACHE_DIR/models, else XDG_CACHE_HOME/quire/models, else
// ~/.cache/quire/models.
//   variable  std::getenv, or a test's
CacheFolders ChooseCacheFolders(const std::function<const char*(const char*)>& variable);

// A model on the hub.
struct Repository {
  std::string id;                 // "owner/name"
  std::string revision = "main";  // branch, tag or commit
};

// "owner/name" or "owner/name@revision". InvalidArgument where it is no such thing; names are
// letters, digits, '.', '_' and '-', so that they are safe as parts of a path.
absl::StatusOr<Repository> ParseRepository(std::string_view text);
// Whether a revision is one that a path may hold.
bool IsRevision(std::string_view revision);
// Whether a name from a hub's listing may become a file's name: no folder, no hidden file.
bool IsPlainFileName(std::string_view name);

// "models--owner--name"
std::string CacheFolderOf(const Repository& repository);

// A revision's files in one of the two folders.
struct Snapshot {
  std::string folder;  // .../snapshots/COMMIT
  std::string commit;
  std::vector<std::string> lacking;  // files without which it is no model
};
std::optional<Snapshot> FindSnapshot(const std::string& cache_folder, const Repository& repository);

// Files that a model needs and that a folder lacks, following links: config.json, tokenizer.json,
// and each shard of the index or a *.safetensors.
std::vector<std::string> LackingFiles(const std::string& folder);

}  // namespace quire
