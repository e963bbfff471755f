#include "client/models/file_digest.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "client/exit_code.h"
#include "proto/check.h"

namespace quire::client {
namespace {

constexpr size_t kReadBytes = 1 << 20;
constexpr size_t kSha256Digits = 64;
constexpr size_t kSha1Digits = 40;

}  // namespace

bool ParseDigest(std::string_view hex, KnownDigest& digest) {
  const bool digits =
      std::all_of(hex.begin(), hex.end(), [](unsigned char c) { return std::isxdigit(c); });
  if (!digits || (hex.size() != kSha256Digits && hex.size() != kSha1Digits)) return false;
  digest.kind = hex.size() == kSha256Digits ? DigestKind::kSha256 : DigestKind::kGitBlobSha1;
  digest.hex = absl::AsciiStrToLower(absl::string_view(hex.data(), hex.size()));
  return true;
}

std::string_view DigestName(DigestKind kind) {
  return kind == DigestKind::kSha256 ? "sha256" : "git-sha1";
}

struct Digest::Context {
  EVP_MD_CTX* evp = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(evp); }
};

Digest::Digest(DigestKind kind, uint64_t size_bytes) : context_(std::make_unique<Context>()) {
  const EVP_MD* algorithm = kind == DigestKind::kSha256 ? EVP_sha256() : EVP_sha1();
  QUIRE_CHECK(context_->evp != nullptr &&
              EVP_DigestInit_ex(context_->evp, algorithm, nullptr) == 1);
  if (kind != DigestKind::kGitBlobSha1) return;
  const std::string head = absl::StrCat("blob ", size_bytes);
  Update(std::string_view(head.c_str(), head.size() + 1));  // with the zero byte
}

Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

void Digest::Update(std::string_view bytes) {
  QUIRE_CHECK(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()) == 1);
}

std::string Digest::Hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes;
  unsigned int count = 0;
  QUIRE_CHECK(EVP_DigestFinal_ex(context_->evp, bytes.data(), &count) == 1);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes.data()), count));
}

absl::StatusOr<std::string> DigestFile(const std::string& path, DigestKind kind,
                                       const Interrupt& interrupt) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat facts {};
  if (fd < 0 || fstat(fd, &facts) != 0) {
    const int error = errno;
    if (fd >= 0) close(fd);
    return FileError("read", path, error);
  }
#ifdef POSIX_FADV_SEQUENTIAL
  posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
#endif
  Digest digest(kind, static_cast<uint64_t>(facts.st_size));
  std::vector<char> buffer(kReadBytes);
  absl::Status outcome;
  while (outcome.ok()) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) outcome = FileError("read", path, errno);
    if (got <= 0) break;
    digest.Update({buffer.data(), static_cast<size_t>(got)});
    if (interrupt.requested()) outcome = InterruptedError();
  }
  close(fd);
  if (!outcome.ok()) return outcome;
  return digest.Hex();
}

}  // namespace quire::client
