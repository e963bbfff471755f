#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/models/file_digest.h"

namespace quire::client {

// Digests by file name.
using KnownDigests = std::map<std::string, KnownDigest>;

// Digests of a folder's files that are known: from the quire-digests.json that a pull wrote, and
// from the Hugging Face cache, whose links point to blobs that are named after them.
// InvalidArgument where quire-digests.json cannot be understood.
absl::StatusOr<KnownDigests> ReadDigests(const std::string& folder);
// Writes FOLDER/quire-digests.json. FileError.
absl::Status WriteDigests(const std::string& folder, const KnownDigests& digests);

// Gives `path` this text in one step, on the disk when it returns. FileError.
absl::Status ReplaceFile(const std::string& path, const std::string& text);

}  // namespace quire::client
