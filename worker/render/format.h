#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "quire/v1/ocr.pb.h"

namespace quire::render {

// What the first bytes of a document say that it is.
struct SniffedFormat {
  quire::v1::DocumentFormat format = quire::v1::DOCUMENT_FORMAT_UNSPECIFIED;
  // For a format that is known but not read: its name and what to do instead.
  std::string_view refused;
  std::string_view hint;
};
SniffedFormat SniffFormat(std::span<const uint8_t> bytes);

// "PNG", ...
std::string_view FormatName(quire::v1::DocumentFormat format);

}  // namespace quire::render
