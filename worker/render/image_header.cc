#include "worker/render/image_header.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "proto/rich_status.h"
#include "proto/status.h"
#include "worker/render/byte_order.h"
#include "worker/render/exif.h"

namespace quire::render {
namespace {

constexpr size_t kPngSignatureBytes = 8;
constexpr size_t kPngChunkBytes = 12;  // length, name and checksum around the data
constexpr size_t kPngHeaderBytes = 13;

// PNG's colour types that may have one transparent colour.
constexpr int kPngGrey = 0;
constexpr int kPngRgb = 2;

absl::Status CutOff(std::string_view format, Bytes file) {
  return ImageDamaged(format, absl::StrCat("is cut off after ", WithCommas(file.size()), " bytes"));
}

// tRNS of a PNG without palette: bits above its depth do not count, and OpenCV scales grey of fewer
// than 8 bits to 8.
std::optional<std::array<uint16_t, 3>> TransparentColour(Bytes data, int depth, int colour_type) {
  const uint32_t most = (1u << depth) - 1;
  const auto sample = [&](size_t at) { return static_cast<uint16_t>(Big16(&data[at]) & most); };
  if (colour_type == kPngGrey && data.size() >= 2) {
    const uint16_t value = depth < 8 ? static_cast<uint16_t>(sample(0) * 255 / most) : sample(0);
    return std::array<uint16_t, 3>{value, value, value};
  }
  if (colour_type == kPngRgb && data.size() >= 6) {
    return std::array<uint16_t, 3>{sample(0), sample(2), sample(4)};
  }
  return std::nullopt;
}

// Start of frame of any coding process; the other C0..CF are tables.
bool IsFrameMarker(uint8_t marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

bool StandsAlone(uint8_t marker) { return marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8); }

// The next marker at or after `at`, past coded data, stuffed zeros and restarts; the file's size when
// there is none. The result is the place of its second byte.
size_t NextMarker(Bytes file, size_t at) {
  while (at + 1 < file.size()) {
    const void* found = std::memchr(&file[at], 0xff, file.size() - 1 - at);
    if (found == nullptr) break;
    at = static_cast<size_t>(static_cast<const uint8_t*>(found) - file.data()) + 1;
    const uint8_t marker = file[at];
    if (marker != 0 && marker != 0xff && !StandsAlone(marker)) return at;
  }
  return file.size();
}

}  // namespace

absl::Status ImageDamaged(std::string_view format, std::string_view what) {
  return MakeError(absl::StatusCode::kInvalidArgument, "IMAGE_DAMAGED",
                   absl::StrCat("the ", std::string(format), " ", std::string(what),
                                ": send it again, or save it anew with the program it came from"));
}

absl::StatusOr<ImageHeader> ReadPngHeader(Bytes file) {
  ImageHeader header;
  int depth = 0;
  int colour_type = 0;
  for (size_t at = kPngSignatureBytes; file.size() - at >= kPngChunkBytes;) {
    const size_t length = Big32(&file[at]);
    if (length > file.size() - at - kPngChunkBytes) break;
    const std::string_view name(reinterpret_cast<const char*>(&file[at + 4]), 4);
    const Bytes data = file.subspan(at + 8, length);
    const bool first = header.width == 0;
    if (first != (name == "IHDR") || (first && length < kPngHeaderBytes)) {
      return ImageDamaged("PNG", "does not begin with its size (IHDR), or has two");
    }
    if (name == "IHDR") {
      header.width = Big32(&data[0]);
      header.height = Big32(&data[4]);
      depth = data[8];
      colour_type = data[9];
      if (header.width == 0) return ImageDamaged("PNG", "claims to be 0 px wide");
      if (depth < 1 || depth > 16) {
        return ImageDamaged("PNG", absl::StrCat("claims to have samples of ", depth, " bits"));
      }
    } else if (name == "eXIf") {
      header.orientation = ExifOrientation(data);
    } else if (name == "tRNS") {
      header.transparent = TransparentColour(data, depth, colour_type);
    } else if (name == "IEND") {
      return header;
    }
    at += kPngChunkBytes + length;
  }
  return CutOff("PNG", file);
}

absl::StatusOr<ImageHeader> ReadJpegHeader(Bytes file) {
  ImageHeader header;
  for (size_t at = NextMarker(file, 2); at < file.size(); at = NextMarker(file, at)) {
    const uint8_t marker = file[at];
    if (marker == 0xd9) {
      if (header.width > 0) return header;
      return ImageDamaged("JPEG", "ends before its size is told");
    }
    if (file.size() - at < 4) break;
    const size_t length = Big16(&file[at + 1]);
    if (length < 2 || length > file.size() - at - 1) break;
    const Bytes data = file.subspan(at + 3, length - 2);
    if (IsFrameMarker(marker) && header.width == 0) {
      if (data.size() < 6) return ImageDamaged("JPEG", "has a header that is too short");
      header.height = Big16(&data[1]);
      header.width = Big16(&data[3]);
      if (header.width == 0 || header.height == 0) {
        return ImageDamaged("JPEG", absl::StrCat("claims to have ", header.width, " x ",
                                                 header.height, " px"));
      }
    } else if (marker == 0xe1 && data.size() >= 6 && std::memcmp(data.data(), "Exif\0\0", 6) == 0) {
      header.orientation = ExifOrientation(data);
    }
    at += 1 + length;
  }
  return CutOff("JPEG", file);
}

absl::StatusOr<ImageHeader> ReadBmpHeader(Bytes file) {
  constexpr size_t kFileHeaderBytes = 14;
  constexpr uint32_t kUncompressed = 0;
  constexpr uint32_t kBitFields = 3;
  if (file.size() < kFileHeaderBytes + 12) return CutOff("BMP", file);
  const size_t pixels = Little32(&file[10]);
  const size_t header_bytes = Little32(&file[14]);
  if (file.size() - kFileHeaderBytes < header_bytes) return CutOff("BMP", file);
  ImageHeader header;
  uint32_t compression = kUncompressed;
  uint32_t depth;
  if (header_bytes == 12) {
    header.width = Little16(&file[18]);
    header.height = Little16(&file[20]);
    depth = Little16(&file[24]);
  } else {
    header.width = static_cast<int32_t>(Little32(&file[18]));
    header.height = std::abs(int64_t{static_cast<int32_t>(Little32(&file[22]))});
    depth = Little16(&file[28]);
    compression = Little32(&file[30]);
  }
  if (header.width < 1 || header.height < 1) {
    return ImageDamaged(
        "BMP", absl::StrCat("claims to have ", header.width, " x ", header.height, " px"));
  }
  const bool has_alpha_mask =
      compression == kBitFields && header_bytes >= 56 && Little32(&file[66]) != 0;
  header.alpha_counts = has_alpha_mask;
  if (compression == kUncompressed || compression == kBitFields) {
    const uint64_t row_bytes = (static_cast<uint64_t>(header.width) * depth + 31) / 32 * 4;
    if (pixels > file.size() || row_bytes > (file.size() - pixels) / header.height) {
      return CutOff("BMP", file);
    }
  }
  return header;
}

}  // namespace quire::render
