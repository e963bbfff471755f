#pragma once

#include <gmock/gmock.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/rich_status.h"
#include "worker/render/document.h"

namespace quire::render {

using Rgb = std::array<int, 3>;
inline constexpr Rgb kRed{255, 0, 0}, kGreen{0, 255, 0}, kBlue{0, 0, 255}, kBlack{0, 0, 0},
    kWhite{255, 255, 255};

// A drawn page with its pixels.
struct Drawing {
  DrawnPage page;
  std::vector<uint8_t> pixels;

  // {-1, -1, -1} where there is no pixel.
  Rgb At(int x, int y) const;
  // Names of the colours in the middle of the four quarters, by rows: R, G, B, K (black), W
  // (white), or ? for another.
  std::string Quarters() const;
  // Pixels darker than a middle grey.
  int DarkPixels() const;
};

// A document over bytes of its own, without a byte to spare, so that AddressSanitizer sees what is
// read beyond them.
class TestDocument {
 public:
  explicit TestDocument(std::string_view bytes, const DocumentLimits& limits = {},
                        const std::string& password = "");

  const absl::Status& status() const { return document_.status(); }
  // Only when status() is OK.
  Document& document() { return **document_; }
  // Draws a page (0-based) onto a canvas of exactly the size that it asks for. status() when there
  // is no document; Internal when it writes beyond the canvas.
  absl::StatusOr<Drawing> Draw(int page_index = 0, const DrawSize& size = {.dpi = 72});

 private:
  const std::vector<uint8_t> bytes_;
  absl::StatusOr<std::unique_ptr<Document>> document_;
};

// Opens a document and draws one page (0-based) of it.
absl::StatusOr<Drawing> DrawPage(std::string_view bytes, int page_index = 0,
                                 const DrawSize& size = {.dpi = 72},
                                 const DocumentLimits& limits = {},
                                 const std::string& password = "");

// Lengths, from 1 on, at which the cut-off `file` still opens and its first page is drawn.
std::vector<size_t> LengthsThatDraw(std::string_view file);

inline Bytes BytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// The value of a fact of the status's ErrorInfo; empty when there is none.
std::string FactOf(const absl::Status& status, const std::string& key);

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

// A status with this code, this reason in its ErrorInfo, and these words in its message.
MATCHER_P3(IsError, code, reason, words, "") {
  const absl::Status& status = StatusOf(arg);
  *result_listener << "which is " << status.ToString();
  return status.code() == code && ReasonOf(status) == reason &&
         std::string(status.message()).find(words) != std::string::npos;
}

}  // namespace quire::render
