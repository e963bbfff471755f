// A model's output with its layout tags, whole, halved and nested: taken apart without harm.

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/check.h"
#include "worker/text/page_text.h"
#include "worker/text/utf8_stream.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quire::worker;
  constexpr int kWidth = 640;
  constexpr int kHeight = 480;
  Utf8Stream stream;  // the parser is given valid UTF-8
  std::string raw = stream.Append(std::string_view(reinterpret_cast<const char*>(data), size));
  raw += stream.Finish();
  const PageText page = ParsePageText(raw, kWidth, kHeight);
  for (const Block& block : page.blocks) {
    for (const PixelBox& box : block.boxes) {
      QUIRE_CHECK(box.left >= 0 && box.top >= 0);
      QUIRE_CHECK(box.right <= kWidth && box.bottom <= kHeight);
    }
  }
  return 0;
}
