#include "worker/text/utf8_stream.h"

#include <cstddef>
#include <cstdint>

namespace quire::worker {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

enum class Unit { kCharacter, kIllFormed, kUnfinished };
struct Scan {
  Unit unit;
  size_t length;  // bytes, 1 or more
};

// What stands at the start of `bytes`, which is not empty.
// Source: The Unicode Standard, table 3-7 (well-formed sequences) and "maximal subparts".
Scan ScanUnit(std::string_view bytes) {
  const auto lead = static_cast<uint8_t>(bytes[0]);
  if (lead < 0x80) return {Unit::kCharacter, 1};
  if (lead < 0xC2 || lead > 0xF4) return {Unit::kIllFormed, 1};
  const size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // Only the second byte's range depends on the lead.
  uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  for (size_t i = 1; i < length; ++i) {
    if (i == bytes.size()) return {Unit::kUnfinished, i};
    const auto next = static_cast<uint8_t>(bytes[i]);
    if (next < low || next > high) return {Unit::kIllFormed, i};
    low = 0x80;
    high = 0xBF;
  }
  return {Unit::kCharacter, length};
}

}  // namespace

std::string Utf8Stream::Append(std::string_view bytes) {
  pending_.append(bytes);
  std::string complete;
  complete.reserve(pending_.size());
  size_t at = 0;
  while (at < pending_.size()) {
    const std::string_view rest = std::string_view(pending_).substr(at);
    const Scan scan = ScanUnit(rest);
    if (scan.unit == Unit::kUnfinished) break;
    complete.append(scan.unit == Unit::kCharacter ? rest.substr(0, scan.length) : kReplacement);
    at += scan.length;
  }
  pending_.erase(0, at);
  return complete;
}

std::string Utf8Stream::Finish() {
  const bool unfinished = !pending_.empty();
  pending_.clear();
  return unfinished ? std::string(kReplacement) : std::string();
}

}  // namespace quire::worker
