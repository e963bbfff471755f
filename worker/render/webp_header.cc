#include "worker/render/webp_header.h"

#include <optional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "worker/render/byte_order.h"
#include "worker/render/exif.h"

namespace quire::render {
namespace {

constexpr size_t kChunkHeaderBytes = 8;
constexpr size_t kFileHeaderBytes = 12;   // RIFF, size, WEBP
constexpr size_t kFrameHeaderBytes = 16;  // of ANMF
constexpr uint8_t kAlphaFlag = 0x10;      // of VP8X

struct Chunk {
  std::string_view name;
  Bytes data;
  Bytes whole;  // with its header and padding
};

// Takes the chunk at the start of `rest` off it; nothing when it is cut off.
std::optional<Chunk> TakeChunk(Bytes& rest) {
  if (rest.size() < kChunkHeaderBytes) return std::nullopt;
  const size_t length = Little32(&rest[4]);
  if (length > rest.size() - kChunkHeaderBytes) return std::nullopt;
  const size_t padded = std::min(kChunkHeaderBytes + length + length % 2, rest.size());
  Chunk chunk{.name = {reinterpret_cast<const char*>(rest.data()), 4},
              .data = rest.subspan(kChunkHeaderBytes, length),
              .whole = rest.first(padded)};
  rest = rest.subspan(padded);
  return chunk;
}

// Width and height from the start of a still image's own data; false when they are not there.
bool ReadBitstreamSize(const Chunk& chunk, ImageHeader& header) {
  const Bytes data = chunk.data;
  if (chunk.name == "VP8 " && data.size() >= 10) {
    header.width = Little16(&data[6]) & 0x3fff;
    header.height = Little16(&data[8]) & 0x3fff;
    return true;
  }
  if (chunk.name == "VP8L" && data.size() >= 5) {
    const uint32_t sizes = Little32(&data[1]);
    header.width = (sizes & 0x3fff) + 1;
    header.height = (sizes >> 14 & 0x3fff) + 1;
    return true;
  }
  return false;
}

std::string Little(uint32_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text.push_back(static_cast<char>(value >> (8 * i)));
  return text;
}

// The frame's chunks (ALPH, VP8, VP8L) as a file.
std::string StillOf(const Chunk& frame, int64_t width, int64_t height) {
  std::string body = absl::StrCat("WEBP", "VP8X", Little(10, 4), Little(kAlphaFlag, 4),
                                  Little(static_cast<uint32_t>(width - 1), 3),
                                  Little(static_cast<uint32_t>(height - 1), 3));
  const Bytes chunks = frame.data.subspan(kFrameHeaderBytes);
  body.append(reinterpret_cast<const char*>(chunks.data()), chunks.size());
  if (body.size() % 2 != 0) body.push_back('\0');
  return absl::StrCat("RIFF", Little(static_cast<uint32_t>(body.size()), 4), body);
}

absl::Status TakeFirstFrame(const Chunk& frame, WebpHeader& header) {
  if (frame.data.size() < kFrameHeaderBytes) {
    return ImageDamaged("WebP", "has a first frame that is too short");
  }
  header.frame_x = 2 * int64_t{Little24(&frame.data[0])};
  header.frame_y = 2 * int64_t{Little24(&frame.data[3])};
  header.frame_width = 1 + int64_t{Little24(&frame.data[6])};
  header.frame_height = 1 + int64_t{Little24(&frame.data[9])};
  if (header.frame_x + header.frame_width > header.image.width ||
      header.frame_y + header.frame_height > header.image.height) {
    return ImageDamaged("WebP", "has a first frame that lies outside of its canvas");
  }
  header.first_frame = StillOf(frame, header.frame_width, header.frame_height);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<WebpHeader> ReadWebpHeader(Bytes file) {
  const size_t size = Little32(&file[4]) + kChunkHeaderBytes;
  if (size > file.size() || size < kFileHeaderBytes) {
    return ImageDamaged("WebP", absl::StrCat("has ", WithCommas(file.size()), " of its ",
                                             WithCommas(size), " bytes"));
  }
  Bytes rest = file.subspan(kFileHeaderBytes, size - kFileHeaderBytes);
  WebpHeader header;
  bool has_pixels = false;
  while (const std::optional<Chunk> chunk = TakeChunk(rest)) {
    if (chunk->name == "VP8X" && chunk->data.size() >= 10 && header.image.width == 0) {
      header.image.width = 1 + int64_t{Little24(&chunk->data[4])};
      header.image.height = 1 + int64_t{Little24(&chunk->data[7])};
    } else if (chunk->name == "EXIF") {
      header.image.orientation = ExifOrientation(chunk->data);
    } else if (chunk->name == "ANMF" && !has_pixels) {
      if (absl::Status status = TakeFirstFrame(*chunk, header); !status.ok()) return status;
      has_pixels = true;
    } else if (!has_pixels && header.image.width == 0) {
      has_pixels = ReadBitstreamSize(*chunk, header.image);
    } else if (chunk->name == "VP8 " || chunk->name == "VP8L") {
      has_pixels = true;
    }
  }
  if (has_pixels) return header;
  return ImageDamaged("WebP", "has no pixels");
}

}  // namespace quire::render
