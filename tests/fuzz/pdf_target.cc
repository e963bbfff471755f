// PDFs through the front's pool and quire-render in its sandbox: whatever poppler makes of them, each
// is answered in time, with a reason where it is refused, and a sound document is drawn afterwards.

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "proto/check.h"
#include "proto/rich_status.h"
#include "server/render_pool.h"
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
  options.memory_bytes = 900 << 20;  // below what this program allows itself without libFuzzer
  options.arena_bytes = 1 << 20;
  auto pool = RenderPool::Create(options, nullptr);
  QUIRE_CHECK(pool.ok());
  return *std::move(pool);
}

absl::StatusOr<OpenedDocument> Open(RenderPool& pool, const void* data, size_t size) {
  const int fd = memfd_create("document", MFD_CLOEXEC);
  QUIRE_CHECK(write(fd, data, size) == static_cast<ssize_t>(size));
  std::promise<absl::StatusOr<OpenedDocument>> opened;
  pool.Open(fd, static_cast<int64_t>(size), {},
            [&](absl::StatusOr<OpenedDocument> result) { opened.set_value(std::move(result)); });
  close(fd);
  return opened.get_future().get();
}

absl::StatusOr<RenderedPage> Draw(RenderPool& pool, const OpenedDocument& document, int page_index) {
  std::promise<absl::StatusOr<RenderedPage>> drawn;
  pool.Render(document.document,
              {.page_index = page_index, .size = {.long_side_px = kSidePx}, .include_text_layer = true},
              [&](absl::StatusOr<RenderedPage> result) { drawn.set_value(std::move(result)); });
  return drawn.get_future().get();
}

void ReadSound(RenderPool& pool) {
  static const std::string* const kSound = new std::string(MakePdf(1));
  const auto opened = Open(pool, kSound->data(), kSound->size());
  QUIRE_CHECK(opened.ok());
  QUIRE_CHECK(Draw(pool, *opened, 0).ok());
}

void Read(RenderPool& pool, const uint8_t* data, size_t size) {
  const auto opened = Open(pool, data, size);
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
  quire::Read(*pool, data, size);
  if (++inputs % quire::kBetweenSound == 0) quire::ReadSound(*pool);
  return 0;
}
