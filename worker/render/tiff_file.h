#pragma once

#include <tiffio.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/render/document.h"

namespace quire::render {

// A TIFF in memory and libtiff's handle on it. One thread. `bytes` must outlive it.
class TiffFile {
 public:
  // Finds every page. Reduced copies (thumbnails) and masks are no pages, unless there is nothing
  // else. InvalidArgument: IMAGE_DAMAGED with libtiff's words, TOO_MANY_PAGES.
  static absl::StatusOr<std::unique_ptr<TiffFile>> Open(Bytes bytes, int max_pages);
  ~TiffFile();
  TiffFile(const TiffFile&) = delete;
  TiffFile& operator=(const TiffFile&) = delete;

  int pages() const { return static_cast<int>(page_offsets_.size()); }
  // Makes a page (0-based) the current one of handle(). InvalidArgument, IMAGE_DAMAGED.
  absl::Status Select(int page_index);
  TIFF* handle() const { return tiff_; }

  // InvalidArgument, IMAGE_DAMAGED: "the TIFF's page 2 WHAT (libtiff: ...)".
  absl::Status PageDamaged(std::string_view what) const;
  // A value of the current page, or its default by the format's rules; 0 when it has none.
  template <typename T>
  T Field(uint32_t tag) const {
    T value{};
    TIFFGetFieldDefaulted(tiff_, tag, &value);
    return value;
  }

 private:
  struct Source;

  TiffFile() = default;
  absl::Status FindPages(int max_pages);

  std::unique_ptr<Source> source_;
  TIFF* tiff_ = nullptr;
  std::vector<uint64_t> page_offsets_;
  int page_index_ = 0;
};

}  // namespace quire::render
