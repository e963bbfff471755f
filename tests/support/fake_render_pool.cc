#include "tests/support/fake_render_pool.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "proto/check.h"
#include "proto/rich_status.h"

namespace quire::server {

// What a RenderDocument points to here; the real one belongs to the real pool.
struct FakeDocument {
  int pages = 0;
  int bad_page = 0;
  std::string password;
  std::string layer;
};

namespace {

constexpr uint64_t kArenaBytes = 256 << 20;

std::shared_ptr<RenderDocument> Disguise(const FakeDocument& document) {
  auto fake = std::make_shared<FakeDocument>(document);
  return {fake, reinterpret_cast<RenderDocument*>(fake.get())};
}

const FakeDocument& Undisguise(const RenderDocument& document) {
  return reinterpret_cast<const FakeDocument&>(document);
}

FakeDocument ParseDocument(const std::string& text) {
  FakeDocument document;
  const std::vector<std::string> parts = absl::StrSplit(text, ' ');
  for (const std::string& part : parts) {
    const std::pair<std::string, std::string> words = absl::StrSplit(part, absl::MaxSplits('=', 1));
    int number = 0;
    if (words.first == "pages" && absl::SimpleAtoi(words.second, &number)) document.pages = number;
    if (words.first == "bad" && absl::SimpleAtoi(words.second, &number)) document.bad_page = number;
    if (words.first == "password") document.password = words.second;
    if (words.first == "layer") document.layer = words.second;
  }
  return document;
}

}  // namespace

FakeRenderPool::FakeRenderPool() : arena_(Arena::Create(kArenaBytes).value()) {}

void FakeRenderPool::Open(int fd, int64_t bytes, OpenSettings settings,
                          std::function<void(absl::StatusOr<OpenedDocument>)> done) {
  std::string text(static_cast<size_t>(std::min<int64_t>(bytes, 4096)), '\0');
  const ssize_t got = pread(fd, text.data(), text.size(), 0);
  QUIRE_CHECK(got == static_cast<ssize_t>(text.size()));
  if (!absl::StartsWith(text, "pages=")) {
    return done(MakeError(absl::StatusCode::kInvalidArgument, "UNKNOWN_FORMAT",
                          "these bytes are no document that can be read"));
  }
  const FakeDocument document = ParseDocument(text);
  if (document.password != settings.password) {
    return done(MakeError(absl::StatusCode::kFailedPrecondition, "PDF_ENCRYPTED",
                          "the document needs a password"));
  }
  done(OpenedDocument{.document = Disguise(document),
                      .format = quire::v1::DOCUMENT_FORMAT_PDF,
                      .pages = document.pages});
}

absl::StatusOr<RenderedPage> FakeRenderPool::Draw(const FakeDocument& document,
                                                  const PageSpec& page) {
  const int number = page.page_index + 1;
  if (number == document.bad_page) {
    return MakeError(absl::StatusCode::kInvalidArgument, "PAGE_DAMAGED",
                     "the page cannot be drawn");
  }
  RenderedPage drawn;
  drawn.width_px = page.size.long_side_px > 0 ? page.size.long_side_px
                                              : static_cast<int>(page.size.dpi);
  drawn.height_px = drawn.width_px / 2;
  drawn.dpi = page.size.dpi > 0 ? page.size.dpi : 72;
  drawn.seconds = 1e-5;
  auto span = arena_->Allocate(static_cast<uint64_t>(drawn.width_px) * drawn.height_px * 3);
  QUIRE_CHECK(span.has_value());
  drawn.pixels = *std::move(span);
  std::memset(drawn.pixels.data(), number, drawn.pixels.bytes());
  if (page.include_text_layer && !document.layer.empty()) {
    drawn.width_points = drawn.height_points = 72;
    drawn.layer.emplace().set_text(document.layer);
    drawn.layer->add_blocks()->set_text(document.layer);
  }
  if (page.include_uncleaned_png) drawn.uncleaned_png = "uncleaned";
  if (!page.clean_ups.empty()) drawn.deskewed_degrees = 1.5;
  if (page.include_png) drawn.png = std::string((2 << 20) + 5, static_cast<char>(number));
  return drawn;
}

void FakeRenderPool::Render(std::shared_ptr<RenderDocument> document, const PageSpec& page,
                            std::function<void(absl::StatusOr<RenderedPage>)> done) {
  {
    MutexLock lock(mutex_);
    ++drawings_;
    changed_.NotifyAll();
    if (held_) {
      waiting_.push_back([this, document, page, done] { done(Draw(Undisguise(*document), page)); });
      return;
    }
  }
  done(Draw(Undisguise(*document), page));
}

void FakeRenderPool::Hold() {
  MutexLock lock(mutex_);
  held_ = true;
}

void FakeRenderPool::Release() {
  std::vector<std::function<void()>> waiting;
  {
    MutexLock lock(mutex_);
    held_ = false;
    waiting.swap(waiting_);
  }
  for (const auto& draw : waiting) draw();
}

int FakeRenderPool::drawings() const {
  MutexLock lock(mutex_);
  return drawings_;
}

bool FakeRenderPool::WaitForDrawings(int count) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  MutexLock lock(mutex_);
  while (drawings_ < count && changed_.WaitUntil(mutex_, deadline)) {
  }
  return drawings_ >= count;
}

uint64_t FakeRenderPool::used_bytes() const { return arena_->bytes() - arena_->free_bytes(); }

}  // namespace quire::server
