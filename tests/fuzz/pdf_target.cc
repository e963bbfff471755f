// PDFs through the front's pool and quire-render in its sandbox: whatever poppler makes of them,
// each is answered in time, with a reason where it is refused, and a sound document is drawn
// afterwards.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "proto/check.h"
#include "proto/rich_status.h"
#include "server/render_pool.h"
#include "tests/support/blocking_renders.h"
#include "tests/support/pdf_maker.h"

namespace quire {
namespace {

using server::OpenedDocument;
using server::RenderedPage;
using server::RenderPool;

constexpr int kSidePx = 64;
constexpr int kPagesDrawn = 2;
constexpr int kBetweenSound = 64;  // inputs

std::unique_ptr<RenderPool> StartPool() {
  server::RenderPoolOptions options;
  options.program = std::string(QUIRE_BINARIES) + "/quire-render";
  options.renderers = 1;
  options.page_seconds = 5;
  options.memory_bytes =
      512 << 20;  // with its libraries, below what this program allows itself without libFuzzer
  options.arena_bytes = 1 << 20;
  auto pool = RenderPool::Create(options, nullptr);
  QUIRE_CHECK(pool.ok());
  return *std::move(pool);
}

absl::StatusOr<RenderedPage> Draw(RenderPool& pool, const OpenedDocument& document,
                                  int page_index) {
  return RenderAndWait(
      pool, document,
      {.page_index = page_index, .size = {.long_side_px = kSidePx}, .include_text_layer = true});
}

void ReadSound(RenderPool& pool) {
  static const std::string* const kSound = new std::string(MakePdf(1));
  const auto opened = OpenAndWait(pool, *kSound);
  QUIRE_CHECK(opened.ok());
  QUIRE_CHECK(Draw(pool, *opened, 0).ok());
}

void Read(RenderPool& pool, std::string_view bytes) {
  const auto opened = OpenAndWait(pool, bytes);
  if (!opened.ok()) {
    QUIRE_CHECK(!ReasonOf(opened.status()).empty());
    return;
  }
  for (int page = 0; page < std::min(opened->pages, kPagesDrawn); ++page) {
    const auto drawn = Draw(pool, *opened, page);
    if (!drawn.ok()) {
      QUIRE_CHECK(!ReasonOf(drawn.status()).empty());
    } else {
      QUIRE_CHECK(drawn->width_px >= 1 && drawn->height_px >= 1);
      QUIRE_CHECK(drawn->pixels.bytes() ==
                  static_cast<uint64_t>(drawn->width_px) * drawn->height_px * 3);
    }
  }
}

}  // namespace
}  // namespace quire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static quire::RenderPool* const pool = quire::StartPool().release();  // a child of this thread's
  static int inputs = 0;
  quire::Read(*pool, {reinterpret_cast<const char*>(data), size});
  if (++inputs % quire::kBetweenSound == 0) quire::ReadSound(*pool);
  return 0;
}
