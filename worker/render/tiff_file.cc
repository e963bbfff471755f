#include "worker/render/tiff_file.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "proto/rich_status.h"
#include "proto/status.h"
#include "worker/render/image_header.h"

namespace quire::render {

// What libtiff's callbacks are given: the bytes, the position in them and its last complaint.
struct TiffFile::Source {
  Bytes bytes;
  uint64_t position = 0;
  std::string complaint;

  static Source& Of(thandle_t handle) { return *static_cast<Source*>(handle); }
  static tmsize_t Read(thandle_t handle, void* out, tmsize_t count);
  static tmsize_t Write(thandle_t, void*, tmsize_t) { return -1; }
  static toff_t Seek(thandle_t handle, toff_t offset, int whence);
  static int Close(thandle_t) { return 0; }
  static toff_t Size(thandle_t handle) { return Of(handle).bytes.size(); }
  static int Map(thandle_t handle, void** base, toff_t* size);
  static void Unmap(thandle_t, void*, toff_t) {}
  static void Complain(thandle_t handle, const char* module, const char* format, va_list values);
};

tmsize_t TiffFile::Source::Read(thandle_t handle, void* out, tmsize_t count) {
  Source& source = Of(handle);
  if (source.position >= source.bytes.size() || count <= 0) return 0;
  const uint64_t there = std::min<uint64_t>(count, source.bytes.size() - source.position);
  std::memcpy(out, source.bytes.data() + source.position, there);
  source.position += there;
  return static_cast<tmsize_t>(there);
}

toff_t TiffFile::Source::Seek(thandle_t handle, toff_t offset, int whence) {
  Source& source = Of(handle);
  if (whence == SEEK_SET) source.position = offset;
  if (whence == SEEK_CUR) source.position += offset;
  if (whence == SEEK_END) source.position = source.bytes.size() + offset;
  return source.position;
}

int TiffFile::Source::Map(thandle_t handle, void** base, toff_t* size) {
  *base = const_cast<uint8_t*>(Of(handle).bytes.data());  // libtiff only reads what it maps
  *size = Of(handle).bytes.size();
  return 1;
}

// The first complaint is the cause; what follows are its consequences.
void TiffFile::Source::Complain(thandle_t handle, const char*, const char* format, va_list values) {
  if (handle == nullptr || !Of(handle).complaint.empty()) return;
  char text[256];
  if (std::vsnprintf(text, sizeof text, format, values) > 0) Of(handle).complaint = text;
}

absl::StatusOr<std::unique_ptr<TiffFile>> TiffFile::Open(Bytes bytes, int max_pages) {
  TIFFSetErrorHandler(nullptr);
  TIFFSetWarningHandler(nullptr);
  TIFFSetErrorHandlerExt(&Source::Complain);
  std::unique_ptr<TiffFile> file(new TiffFile());  // its constructor is private
  file->source_ = std::make_unique<Source>(Source{.bytes = bytes});
  file->tiff_ = TIFFClientOpen("TIFF", "r", file->source_.get(), &Source::Read, &Source::Write,
                               &Source::Seek, &Source::Close, &Source::Size, &Source::Map,
                               &Source::Unmap);
  if (file->tiff_ == nullptr) return file->PageDamaged("cannot be read");
  QUIRE_RETURN_IF_ERROR(file->FindPages(max_pages));
  return file;
}

TiffFile::~TiffFile() {
  if (tiff_ != nullptr) TIFFClose(tiff_);
}

absl::Status TiffFile::FindPages(int max_pages) {
  std::vector<uint64_t> side_images;
  for (page_index_ = 0;; ++page_index_) {
    const bool is_page =
        (Field<uint32_t>(TIFFTAG_SUBFILETYPE) & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) == 0;
    std::vector<uint64_t>& list = is_page ? page_offsets_ : side_images;
    list.push_back(TIFFCurrentDirOffset(tiff_));
    if (std::max(page_offsets_.size(), side_images.size()) > static_cast<size_t>(max_pages)) {
      return MakeError(absl::StatusCode::kInvalidArgument, "TOO_MANY_PAGES",
                       absl::StrCat("the TIFF has more than ", max_pages,
                                    " pages, which is the limit: split it or raise "
                                    "--max-document-pages"),
                       {{"limit", absl::StrCat(max_pages)}});
    }
    if (TIFFLastDirectory(tiff_)) break;
    if (!TIFFReadDirectory(tiff_)) {
      ++page_index_;
      return PageDamaged("cannot be found");
    }
  }
  if (page_offsets_.empty()) page_offsets_ = std::move(side_images);
  return absl::OkStatus();
}

absl::Status TiffFile::Select(int page_index) {
  page_index_ = page_index;
  source_->complaint.clear();
  if (TIFFSetSubDirectory(tiff_, page_offsets_[page_index])) return absl::OkStatus();
  return PageDamaged("cannot be read");
}

absl::Status TiffFile::PageDamaged(std::string_view what) const {
  const std::string& words = source_->complaint;
  return ImageDamaged("TIFF's", absl::StrCat("page ", page_index_ + 1, " ", std::string(what),
                                             words.empty() ? "" : " (libtiff: ", words,
                                             words.empty() ? "" : ")"));
}

}  // namespace quire::render
