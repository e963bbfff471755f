#include "client/resume/page_journal.h"

#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/util/delimited_message_util.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/exit_code.h"
#include "client/models/file_digest.h"
#include "proto/status.h"

namespace quire::client {
namespace {

constexpr char kFirstWord[] = "quire-pages-1 ";

}  // namespace

PageJournal::PageJournal(std::string path, std::string identity, bool resume)
    : path_(std::move(path)), identity_(std::move(identity)) {
  if (resume) Load();
}

void PageJournal::Load() {
  std::ifstream file(path_, std::ios::binary);
  std::string line;
  if (!file || !std::getline(file, line) || line != kFirstWord + identity_) return;
  const int64_t begin = file.tellg();
  int64_t good_bytes = begin;
  {
    google::protobuf::io::IstreamInputStream stream(&file);
    v1::RecognizeResponse event;
    bool clean_end = false;
    while (google::protobuf::util::ParseDelimitedFromZeroCopyStream(&event, &stream, &clean_end)) {
      if (event.has_accepted()) accepted_ = event.accepted();
      if (event.has_page_result()) pages_[event.page_result().page_number()] = good_bytes;
      if (event.has_summary()) complete_ = true;
      good_bytes = begin + stream.ByteCount();
      event.Clear();
    }
  }
  if (!accepted_.has_value()) pages_.clear();
  // What a killed process left half-written would hide what is appended after it.
  std::error_code error;
  std::filesystem::resize_file(path_, static_cast<uintmax_t>(good_bytes), error);
  if (!error) return;
  // It cannot be cut off: no earlier page counts, and the file is written anew.
  accepted_.reset();
  complete_ = false;
  pages_.clear();
}

absl::StatusOr<v1::PageResult> PageJournal::Read(int page_number) const {
  const auto page = pages_.find(page_number);
  std::ifstream file(path_, std::ios::binary);
  v1::RecognizeResponse event;
  if (page != pages_.end() && file.seekg(page->second)) {
    google::protobuf::io::IstreamInputStream stream(&file);
    bool clean_end = false;
    if (google::protobuf::util::ParseDelimitedFromZeroCopyStream(&event, &stream, &clean_end) &&
        event.page_result().page_number() == page_number) {
      return std::move(*event.mutable_page_result());
    }
  }
  return WithExitCode(
      absl::DataLossError(absl::StrCat("page ", page_number, " is no longer in ", path_,
                                       ": remove that file, or leave --resume out")),
      kExitFile);
}

absl::Status PageJournal::StartAnew(const std::string& path,
                                    const v1::RecognizeResponse* first) const {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (error) return FileError("create the folder of", path, error.value());
  errno = 0;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << kFirstWord << identity_ << '\n';
  if (first != nullptr) google::protobuf::util::SerializeDelimitedToOstream(*first, &file);
  return file.flush() ? absl::OkStatus() : FileError("write", path, errno != 0 ? errno : EIO);
}

absl::Status PageJournal::Append(const v1::RecognizeResponse& event) {
  errno = 0;
  std::ofstream file(path_, std::ios::binary | std::ios::app);
  google::protobuf::util::SerializeDelimitedToOstream(event, &file);
  return file.flush() ? absl::OkStatus() : FileError("write", path_, errno != 0 ? errno : EIO);
}

absl::Status PageJournal::Add(const v1::RecognizeResponse& event) {
  if (event.has_accepted() && !accepted_.has_value()) {
    accepted_ = event.accepted();
    return StartAnew(path_, &event);
  }
  return event.has_page_result() ? Append(event) : absl::OkStatus();
}

absl::Status PageJournal::Complete() {
  v1::RecognizeResponse end;
  end.mutable_summary();
  const std::string temporary = path_ + ".part";
  QUIRE_RETURN_IF_ERROR(StartAnew(temporary, &end));
  std::error_code error;
  std::filesystem::rename(temporary, path_, error);
  return error ? FileError("write", path_, error.value()) : absl::OkStatus();
}

std::optional<std::string> JournalIdentity(const std::string& path,
                                           const v1::RecognizeOptions& options) {
  std::error_code error;
  if (path == "-" || !std::filesystem::is_regular_file(path, error)) return std::nullopt;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return std::nullopt;
  const auto changed = std::filesystem::last_write_time(path, error);
  if (error) return std::nullopt;
  v1::RecognizeOptions read_with = options;
  read_with.clear_request_id();
  // The pictures of a report change nothing of the pages, and a password does not belong on a disk.
  read_with.clear_include_page_image();
  read_with.clear_password();
  const std::string text = absl::StrCat(size, " ", changed.time_since_epoch().count(), " ",
                                        read_with.SerializeAsString());
  Digest digest(DigestKind::kSha256, text.size());
  digest.Update(text);
  return digest.Hex();
}

}  // namespace quire::client
