#include "tests/worker/render/drawn_page.h"

#include <algorithm>
#include <cstdlib>
#include <span>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"

// Fontconfig keeps some of its configuration until the end; asked for by LeakSanitizer alone.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig\n"; }

namespace quire::render {
namespace {

constexpr size_t kGuardBytes = 4096;
constexpr uint8_t kGuard = 0xa5;

char NameOf(const Rgb& colour) {
  constexpr int kMost = 60;  // of a channel; JPEG and WebP are not exact
  const auto is = [&](const Rgb& other) {
    return std::abs(colour[0] - other[0]) < kMost && std::abs(colour[1] - other[1]) < kMost &&
           std::abs(colour[2] - other[2]) < kMost;
  };
  if (is(kRed)) return 'R';
  if (is(kGreen)) return 'G';
  if (is(kBlue)) return 'B';
  if (is(kBlack)) return 'K';
  if (is(kWhite)) return 'W';
  return '?';
}

bool IsGuard(std::span<const uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == kGuard; });
}

// The canvas has exactly the size that the page asks for, and guards around it.
absl::StatusOr<Drawing> DrawOn(Document& document, int page_index, const DrawSize& size) {
  const absl::Status asked = document.Draw(page_index, size, Canvas{}).status();
  if (ReasonOf(asked) != "ARENA_TOO_SMALL") return asked;
  const size_t bytes = std::stoull(FactOf(asked, "needed_bytes"));
  std::vector<uint8_t> memory(kGuardBytes + bytes + kGuardBytes, kGuard);
  uint8_t* const canvas = memory.data() + kGuardBytes;
  absl::StatusOr<DrawnPage> page = document.Draw(page_index, size, Canvas{canvas, bytes});
  if (!IsGuard({memory.data(), kGuardBytes}) || !IsGuard({canvas + bytes, kGuardBytes})) {
    return absl::InternalError("something was drawn beyond the canvas");
  }
  if (!page.ok()) return page.status();
  if (static_cast<size_t>(page->width_px) * page->height_px * 3 != bytes) {
    return absl::InternalError(absl::StrCat("the page has ", page->width_px, " x ", page->height_px,
                                            " px and asked for ", bytes, " bytes"));
  }
  return Drawing{.page = *page, .pixels = {canvas, canvas + bytes}};
}

}  // namespace

Rgb Drawing::At(int x, int y) const {
  if (x < 0 || x >= page.width_px || y < 0 || y >= page.height_px) return {-1, -1, -1};
  const uint8_t* pixel = &pixels[(static_cast<size_t>(y) * page.width_px + x) * 3];
  return {pixel[0], pixel[1], pixel[2]};
}

std::string Drawing::Quarters() const {
  const int left = page.width_px / 4;
  const int right = page.width_px - 1 - left;
  const int top = page.height_px / 4;
  const int bottom = page.height_px - 1 - top;
  return {NameOf(At(left, top)), NameOf(At(right, top)), NameOf(At(left, bottom)),
          NameOf(At(right, bottom))};
}

int Drawing::DarkPixels() const {
  int dark = 0;
  for (size_t at = 0; at < pixels.size(); at += 3) {
    dark += pixels[at] + pixels[at + 1] + pixels[at + 2] < 3 * 128;
  }
  return dark;
}

std::string FactOf(const absl::Status& status, const std::string& key) {
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.ErrorInfo");
  google::rpc::ErrorInfo info;
  if (!payload.has_value() || !info.ParseFromString(std::string(*payload))) return "";
  const auto found = info.metadata().find(key);
  return found == info.metadata().end() ? "" : found->second;
}

TestDocument::TestDocument(std::string_view bytes, const DocumentLimits& limits,
                           const std::string& password)
    : bytes_(bytes.begin(), bytes.end()), document_(OpenDocument(bytes_, password, limits)) {}

absl::StatusOr<Drawing> TestDocument::Draw(int page_index, const DrawSize& size) {
  if (!document_.ok()) return document_.status();
  return DrawOn(**document_, page_index, size);
}

absl::StatusOr<Drawing> DrawPage(std::string_view bytes, int page_index, const DrawSize& size,
                                 const DocumentLimits& limits, const std::string& password) {
  return TestDocument(bytes, limits, password).Draw(page_index, size);
}

std::vector<size_t> LengthsThatDraw(std::string_view file) {
  std::vector<size_t> lengths;
  for (size_t length = 1; length < file.size(); ++length) {
    if (TestDocument(file.substr(0, length)).Draw().ok()) lengths.push_back(length);
  }
  return lengths;
}

}  // namespace quire::render
