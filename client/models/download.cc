#include "client/models/download.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <random>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/exit_code.h"
#include "client/page_format.h"
#include "client/retry.h"
#include "proto/rich_status.h"
#include "proto/status.h"

namespace quire::client {
namespace {

constexpr size_t kReadBytes = 1 << 20;
constexpr size_t kDigestInName = 16;
constexpr double kWaitSeconds = 0.5;  // before the rest is asked for

// "bytes 5-9/10": the first byte and the whole size.
bool ParseContentRange(absl::string_view text, uint64_t& first, uint64_t& total) {
  const size_t dash = text.find('-'), slash = text.find('/');
  return absl::StartsWith(text, "bytes ") && dash != text.npos && slash != text.npos &&
         dash < slash && absl::SimpleAtoi(text.substr(6, dash - 6), &first) &&
         absl::SimpleAtoi(text.substr(slash + 1), &total);
}

}  // namespace

absl::Status SyncFolder(const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) close(fd);
  return synced ? absl::OkStatus() : FileError("write", folder, error);
}

Download::Download(RemoteFile file, std::string folder, const Hub& hub, PullProgress& progress,
                   const Interrupt& interrupt, Rules rules)
    : file_(std::move(file)),
      folder_(std::move(folder)),
      hub_(hub),
      progress_(progress),
      interrupt_(interrupt),
      rules_(rules) {}

Download::~Download() {
  if (fd_ >= 0) close(fd_);
}

std::string Download::PartPath() const {
  return absl::StrCat(folder_, "/", file_.name, ".", file_.digest.hex.substr(0, kDigestInName),
                      ".part");
}

absl::Status Download::Wrong(const std::string& what) const {
  return absl::DataLossError(absl::StrCat(file_.url, ": ", what));
}

absl::Status Download::OpenPart() {
  fd_ = open(PartPath().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  struct stat facts {};
  if (fd_ < 0 || fstat(fd_, &facts) != 0) return FileError("write", PartPath(), errno);
  digest_.emplace(file_.digest.kind, file_.size_bytes);
  if (static_cast<uint64_t>(facts.st_size) > file_.size_bytes) return StartAnew();
  have_ = static_cast<uint64_t>(facts.st_size);
  progress_.OnFound(static_cast<int64_t>(have_));
  return HashPart();
}

absl::Status Download::HashPart() {
  std::vector<char> buffer(kReadBytes);
  for (uint64_t done = 0; done < have_;) {
    const ssize_t got = pread(fd_, buffer.data(), std::min<uint64_t>(buffer.size(), have_ - done),
                              static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return FileError("read", PartPath(), got < 0 ? errno : EIO);
    digest_->Update({buffer.data(), static_cast<size_t>(got)});
    done += static_cast<uint64_t>(got);
    if (interrupt_.requested()) return InterruptedError();
  }
  return absl::OkStatus();
}

absl::Status Download::StartAnew() {
  progress_.OnFound(-static_cast<int64_t>(have_));
  have_ = 0;
  digest_.emplace(file_.digest.kind, file_.size_bytes);
  return ftruncate(fd_, 0) == 0 ? absl::OkStatus() : FileError("write", PartPath(), errno);
}

absl::Status Download::OnStart(const HttpReply& reply) {
  if (reply.status == 200) {  // the whole, also where a part was asked for
    if (have_ > 0) QUIRE_RETURN_IF_ERROR(StartAnew());
  } else {
    uint64_t first = 0, total = 0;
    const std::string range = reply.Header("content-range");
    if (!ParseContentRange(range, first, total) || first != have_ || total != file_.size_bytes) {
      return Wrong(absl::StrCat("it answers with '", Printable(range), "'; expected bytes ", have_,
                                "- of ", file_.size_bytes));
    }
  }
  uint64_t length = 0;
  const std::string text = reply.Header("content-length");
  if (!text.empty() && (!absl::SimpleAtoi(text, &length) || length != file_.size_bytes - have_)) {
    return Wrong(absl::StrCat("it announces ", Printable(text), " bytes; expected ",
                              file_.size_bytes - have_));
  }
  return absl::OkStatus();
}

absl::Status Download::OnBody(std::string_view bytes) {
  if (bytes.size() > file_.size_bytes - have_) {
    return Wrong(
        absl::StrCat("it sends more than the ", file_.size_bytes, " bytes that the hub told"));
  }
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t put =
        pwrite(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(have_ + done));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return FileError("write", PartPath(), put < 0 ? errno : ENOSPC);
    done += static_cast<size_t>(put);
  }
  digest_->Update(bytes);
  have_ += bytes.size();
  progress_.OnFetched(static_cast<int64_t>(bytes.size()));
  return absl::OkStatus();
}

absl::Status Download::FetchRest() {
  const absl::StatusOr<HttpReply> reply =
      hub_.Get({.url = file_.url,
                .from_byte = have_,
                .on_start = [this](const HttpReply& start) { return OnStart(start); },
                .on_body = [this](std::string_view bytes) { return OnBody(bytes); }});
  if (!reply.ok() || have_ == file_.size_bytes) return reply.status();
  return WithRetryAfter(absl::UnavailableError(absl::StrCat(file_.url, ": it ended after ", have_,
                                                            " bytes of ", file_.size_bytes)),
                        kWaitSeconds);
}

absl::Status Download::WaitAfter(const absl::Status& fault, bool gained) {
  if (gained) tries_ = 0;
  const std::optional<double> asked = RetryAfterSeconds(fault);
  if (!asked.has_value() || ++tries_ > rules_.retries) return fault;
  static thread_local std::minstd_rand random{std::random_device{}()};
  const double jitter = std::uniform_real_distribution<double>(0, 1)(random);
  return interrupt_.WaitFor(std::max(*asked, BackOffSeconds(*asked, tries_, jitter)))
             ? InterruptedError()
             : absl::OkStatus();
}

absl::Status Download::Finish() {
  if (fsync(fd_) != 0) return FileError("write", PartPath(), errno);
  const std::string path = absl::StrCat(folder_, "/", file_.name);
  if (std::rename(PartPath().c_str(), path.c_str()) != 0) return FileError("write", path, errno);
  return SyncFolder(folder_);
}

absl::Status Download::Run() {
  // A file has its name only after its digest was right.
  std::error_code error;
  const auto there = std::filesystem::file_size(absl::StrCat(folder_, "/", file_.name), error);
  if (!error && there == file_.size_bytes) {
    progress_.OnFound(static_cast<int64_t>(there));
    return absl::OkStatus();
  }
  QUIRE_RETURN_IF_ERROR(OpenPart());
  for (bool anew = have_ == 0;; anew = true) {
    while (have_ < file_.size_bytes) {
      const uint64_t before = have_;
      const absl::Status fetched = FetchRest();
      if (!fetched.ok()) QUIRE_RETURN_IF_ERROR(WaitAfter(fetched, have_ > before));
    }
    const std::string found = digest_->Hex();
    if (found == file_.digest.hex) return Finish();
    QUIRE_RETURN_IF_ERROR(StartAnew());
    if (anew) {
      return Wrong(absl::StrCat("its ", std::string(DigestName(file_.digest.kind)), " is ", found,
                                "; expected ", file_.digest.hex, "; nothing of it was kept"));
    }
  }
}

}  // namespace quire::client
