#include "client/models/known_digests.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "client/exit_code.h"
#include "client/models/download.h"
#include "proto/checkpoint/json_fields.h"
#include "proto/status.h"

namespace quire::client {
namespace {

namespace fs = std::filesystem;

constexpr char kFileName[] = "quire-digests.json";
constexpr size_t kMostBytes = 1 << 20;

}  // namespace

absl::StatusOr<KnownDigests> ReadDigests(const std::string& folder) {
  KnownDigests digests;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(folder, error)) {
    KnownDigest digest;
    if (!file.is_symlink(error)) continue;
    const fs::path blob = fs::read_symlink(file.path(), error);
    if (blob.parent_path().filename() == "blobs" && ParseDigest(blob.filename().string(), digest)) {
      digests[file.path().filename()] = digest;
    }
  }
  const std::string path = absl::StrCat(folder, "/", kFileName);
  if (!fs::exists(path, error)) return digests;
  QUIRE_ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(path, kMostBytes));
  const absl::StatusOr<nlohmann::json> json = ParseJsonObject(text, kMostBytes);
  if (!json.ok())
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", json.status().message()));
  for (const auto& [name, hex] : json->items()) {
    KnownDigest digest;
    if (!hex.is_string() || !ParseDigest(hex.get<std::string>(), digest)) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, ": the digest of ", name, " is none; expected 40 or 64 hexadecimal digits"));
    }
    digests[name] = digest;
  }
  return digests;
}

absl::Status WriteDigests(const std::string& folder, const KnownDigests& digests) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const auto& [name, digest] : digests) json[name] = digest.hex;
  return ReplaceFile(absl::StrCat(folder, "/", kFileName), json.dump(2) + "\n");
}

absl::Status ReplaceFile(const std::string& path, const std::string& text) {
  const std::string unfinished = path + ".part";
  const int fd = open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return FileError("write", unfinished, errno);
  const bool written =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  const int error = errno;
  close(fd);
  if (!written) return FileError("write", unfinished, error);
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) return FileError("write", path, errno);
  return SyncFolder(fs::path(path).parent_path().string());
}

}  // namespace quire::client
