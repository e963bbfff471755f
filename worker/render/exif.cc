#include "worker/render/exif.h"

#include <cstring>

#include "worker/render/byte_order.h"

namespace quire::render {
namespace {

constexpr size_t kHeaderBytes = 8;
constexpr size_t kEntryBytes = 12;
constexpr uint32_t kOrientationTag = 0x0112;
constexpr uint32_t kShort = 3;

}  // namespace

int ExifOrientation(Bytes block) {
  if (block.size() >= 6 && std::memcmp(block.data(), "Exif\0\0", 6) == 0) block = block.subspan(6);
  if (block.size() < kHeaderBytes) return 1;
  const bool little = block[0] == 'I' && block[1] == 'I';
  if (!little && !(block[0] == 'M' && block[1] == 'M')) return 1;
  const auto read16 = [&](size_t at) {
    return little ? Little16(&block[at]) : Big16(&block[at]);
  };
  const size_t directory = little ? Little32(&block[4]) : Big32(&block[4]);
  if (directory > block.size() || block.size() - directory < 2) return 1;
  const size_t entries = read16(directory);
  for (size_t i = 0; i < entries; ++i) {
    const size_t at = directory + 2 + i * kEntryBytes;
    if (at + kEntryBytes > block.size()) return 1;
    if (read16(at) != kOrientationTag) continue;
    const uint32_t value = read16(at + 8);
    return read16(at + 2) == kShort && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace quire::render
