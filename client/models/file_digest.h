#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "client/interrupt.h"

namespace quire::client {

enum class DigestKind { kSha256, kGitBlobSha1 };  // of large files and of small ones on the hub

// A digest as the hub tells it.
struct KnownDigest {
  DigestKind kind = DigestKind::kSha256;
  std::string hex;  // 64 or 40 characters, lower case
};

// 64 hexadecimal digits are a SHA-256, 40 a git blob's SHA-1; false for anything else.
bool ParseDigest(std::string_view hex, KnownDigest& digest);
std::string_view DigestName(DigestKind kind);  // "sha256", "git-sha1"

// A digest in the making. One thread.
class Digest {
 public:
  //   size_bytes  of the whole content, which a git blob's digest begins with
  Digest(DigestKind kind, uint64_t size_bytes);
  ~Digest();
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;
  void Update(std::string_view bytes);
  // Once.
  std::string Hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// The digest of a file, read from its first byte to its last. FileError, InterruptedError.
absl::StatusOr<std::string> DigestFile(const std::string& path, DigestKind kind,
                                       const Interrupt& interrupt);

}  // namespace quire::client
