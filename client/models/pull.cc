#include "client/models/pull.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/exit_code.h"
#include "client/file_lock.h"
#include "client/models/download.h"
#include "client/models/hub.h"
#include "client/models/known_digests.h"
#include "client/models/model_facts.h"
#include "client/page_format.h"
#include "client/retry.h"
#include "proto/status.h"

namespace quire::client {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostAtOnce = 8;
constexpr uint64_t kSpareBytes = 64 << 20;  // that a full disk keeps

absl::Status MakeFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  return error ? FileError("create", folder.string(), error.value()) : absl::OkStatus();
}

// Calls `work` for 0 to `count` - 1 on several threads; the first error ends it, others are
// dropped.
template <typename Work>
absl::Status InParallel(size_t count, const Work& work) {
  std::atomic<size_t> next = 0;
  Mutex mutex;
  absl::Status outcome;
  const auto run = [&] {
    for (size_t i = next++; i < count; i = next++) {
      const absl::Status status = work(i);
      if (status.ok()) continue;
      next = count;
      MutexLock lock(mutex);
      outcome.Update(status);
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < std::min(kMostAtOnce, count); ++i) threads.emplace_back(run);
  for (std::thread& thread : threads) thread.join();
  return outcome;
}

// Whether the files that a hub lists make a model.
absl::Status CheckNames(const Repository& repository, const std::vector<std::string>& names) {
  std::vector<std::string> lacking;
  for (const char* needed : {"config.json", "tokenizer.json"}) {
    if (std::find(names.begin(), names.end(), needed) == names.end()) lacking.push_back(needed);
  }
  if (std::none_of(names.begin(), names.end(),
                   [](const auto& n) { return absl::EndsWith(n, ".safetensors"); })) {
    lacking.push_back("*.safetensors");
  }
  if (lacking.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(repository.id, " at ", repository.revision,
                                                 " is no model that Quire reads: it lacks ",
                                                 absl::StrJoin(lacking, ", ")));
}

// One model's folder in the cache while it is being fetched.
class PullRun {
 public:
  PullRun(const ModelsConfig& config, Repository repository, bool show_progress,
          const Interrupt& interrupt)
      : config_(config),
        repository_(std::move(repository)),
        show_progress_(show_progress),
        interrupt_(interrupt),
        hub_({.endpoint = config.hub, .token = config.token, .stall_seconds = config.stall_seconds},
             interrupt),
        root_(fs::path(config.places.caches.quire) / CacheFolderOf(repository_)) {}

  absl::StatusOr<Pulled> Run() {
    QUIRE_RETURN_IF_ERROR(hub_.Check());
    QUIRE_RETURN_IF_ERROR(MakeFolder(root_));
    FileLock lock;
    QUIRE_RETURN_IF_ERROR(lock.Take((root_ / "pull.lock").string(), "another pull of this model"));
    QUIRE_RETURN_IF_ERROR(Patiently([this] {
      absl::StatusOr<RemoteModel> listed = hub_.List(repository_);
      if (listed.ok()) model_ = *std::move(listed);
      return listed.status();
    }));
    if (absl::StatusOr<Pulled> there = FindCommit(); there.ok()) return there;
    QUIRE_RETURN_IF_ERROR(CheckNames(repository_, model_.names));
    QUIRE_RETURN_IF_ERROR(LookAtFiles());
    QUIRE_RETURN_IF_ERROR(MakeFolder(PartFolder()));
    QUIRE_RETURN_IF_ERROR(CheckSpace());
    QUIRE_RETURN_IF_ERROR(FetchFiles());
    QUIRE_RETURN_IF_ERROR(Publish());
    return Pulled{.folder = SnapshotFolder().string(), .bytes = TotalBytes()};
  }

 private:
  fs::path PartFolder() const { return root_ / "partial" / model_.commit; }
  fs::path SnapshotFolder() const { return root_ / "snapshots" / model_.commit; }

  uint64_t TotalBytes() const {
    uint64_t bytes = 0;
    for (const RemoteFile& file : files_) bytes += file.size_bytes;
    return bytes;
  }

  // Tries again where the hub asks for it.
  template <typename Work>
  absl::Status Patiently(const Work& work) {
    for (int attempt = 1;; ++attempt) {
      const absl::Status status = work();
      const std::optional<double> asked = status.ok() ? std::nullopt : RetryAfterSeconds(status);
      if (!asked.has_value() || attempt > config_.retries) return status;
      if (interrupt_.WaitFor(std::max(*asked, BackOffSeconds(*asked, attempt, 0.5))))
        return InterruptedError();
    }
  }

  absl::StatusOr<Pulled> FindCommit() {
    const Repository at_commit{.id = repository_.id, .revision = model_.commit};
    for (const std::string& cache :
         {config_.places.caches.hugging_face, config_.places.caches.quire}) {
      const std::optional<Snapshot> snapshot = FindSnapshot(cache, at_commit);
      if (!snapshot || !snapshot->lacking.empty()) continue;
      if (cache == config_.places.caches.quire) QUIRE_RETURN_IF_ERROR(WriteRef());
      return Pulled{.folder = snapshot->folder, .was_there = true};
    }
    return absl::NotFoundError("");
  }

  absl::Status LookAtFiles() {
    files_.resize(model_.names.size());
    return InParallel(files_.size(), [this](size_t i) {
      return Patiently([&] {
        absl::StatusOr<RemoteFile> file = hub_.Look(repository_, model_.commit, model_.names[i]);
        if (file.ok()) files_[i] = *std::move(file);
        return file.status();
      });
    });
  }

  absl::Status CheckSpace() const {
    uint64_t there = 0;
    std::error_code error;
    for (const auto& file : fs::directory_iterator(PartFolder(), error))
      there += file.file_size(error);
    const uint64_t total = TotalBytes(), needed = total - std::min(total, there) + kSpareBytes;
    const fs::space_info space = fs::space(PartFolder(), error);
    if (error || needed <= space.available) return absl::OkStatus();
    return WithExitCode(absl::FailedPreconditionError(absl::StrCat(
                            Printable(root_.string()), " has room for ",
                            FormatBytes(static_cast<double>(space.available)),
                            " and this pull needs ", FormatBytes(static_cast<double>(needed)),
                            "; free some, or name another disk with QUIRE_CACHE_DIR")),
                        kExitFile);
  }

  absl::Status FetchFiles() {
    // The largest first, so that the last one to end is not the longest.
    std::vector<RemoteFile> files = files_;
    std::sort(files.begin(), files.end(),
              [](const RemoteFile& a, const RemoteFile& b) { return a.size_bytes > b.size_bytes; });
    PullProgress progress(show_progress_, TotalBytes());
    return InParallel(files.size(), [&](size_t i) {
      return Download(files[i], PartFolder().string(), hub_, progress, interrupt_,
                      {.retries = config_.retries})
          .Run();
    });
  }

  // Everything is there and on the disk: the folder gets its name, then the revision points to it.
  absl::Status Publish() {
    std::error_code error;
    KnownDigests digests;
    for (const RemoteFile& file : files_) digests[file.name] = file.digest;
    QUIRE_RETURN_IF_ERROR(WriteDigests(PartFolder().string(), digests));
    for (const auto& file : fs::directory_iterator(PartFolder(), error)) {
      if (file.path().extension() == ".part") fs::remove(file.path(), error);  // of another digest
    }
    QUIRE_RETURN_IF_ERROR(SyncFolder(PartFolder().string()));
    QUIRE_RETURN_IF_ERROR(MakeFolder(root_ / "snapshots"));
    fs::remove_all(SnapshotFolder(), error);  // one that lacks a file
    fs::rename(PartFolder(), SnapshotFolder(), error);
    if (error) return FileError("write", SnapshotFolder().string(), error.value());
    QUIRE_RETURN_IF_ERROR(SyncFolder((root_ / "snapshots").string()));
    QUIRE_RETURN_IF_ERROR(WriteRef());
    fs::remove_all(root_ / "partial", error);  // other commits' parts
    return absl::OkStatus();
  }

  absl::Status WriteRef() const {
    const fs::path ref = root_ / "refs" / repository_.revision;
    QUIRE_RETURN_IF_ERROR(MakeFolder(ref.parent_path()));
    return ReplaceFile(ref.string(), model_.commit);
  }

  const ModelsConfig& config_;
  const Repository repository_;
  const bool show_progress_;
  const Interrupt& interrupt_;
  const Hub hub_;
  const fs::path root_;
  RemoteModel model_;
  std::vector<RemoteFile> files_;
};

}  // namespace

absl::StatusOr<Pulled> Pull(const ModelsConfig& config, bool show_progress,
                            const Interrupt& interrupt) {
  const std::optional<Repository> repository = RepositoryOf(config.model);
  if (!repository) {
    const bool ships = FindRegistryEntry(config.model).has_value();
    return WithExitCode(
        absl::InvalidArgumentError(
            ships ? absl::StrCat(config.model, " ships with Quire: there is nothing to pull")
                  : absl::StrCat("'", Printable(config.model),
                                 "' is neither a registry key nor a repository; "
                                 "give owner/name, or one of ",
                                 RegistryKeys())),
        kExitUsage);
  }
  return PullRun(config, *repository, show_progress, interrupt).Run();
}

}  // namespace quire::client
