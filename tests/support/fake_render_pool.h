#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proto/mutex.h"
#include "server/render_pool.h"

namespace quire::server {

// A RenderPool without processes. A document is a line such as "pages=5 bad=3 password=open":
//   pages     how many; anything that does not begin so is refused as UNKNOWN_FORMAT
//   bad       a page that cannot be drawn (reason PAGE_DAMAGED)
//   layer     a word: the text that every page holds itself
//   password  that opening needs (reason PDF_ENCRYPTED)
// A page that is cleaned up says that it was turned by 1.5 degrees.
// A page is as wide as its size asks (with dpi: one inch) and half as high; each byte of it is the
// page's number. Thread-safe.
class FakeRenderPool final : public RenderPool {
 public:
  FakeRenderPool();

  void Open(int fd, int64_t bytes, OpenSettings settings,
            std::function<void(absl::StatusOr<OpenedDocument>)> done) override;
  void Render(std::shared_ptr<RenderDocument> document, const PageSpec& page,
              std::function<void(absl::StatusOr<RenderedPage>)> done) override;
  bool healthy() const override { return true; }

  // Drawings wait from now on, until Release().
  void Hold();
  void Release();
  // Drawings that were asked for.
  int drawings() const;
  // Blocks until so many drawings were asked for, or 10 s have passed.
  bool WaitForDrawings(int count);
  // Memory of drawn pages that is in use.
  uint64_t used_bytes() const;

 private:
  absl::StatusOr<RenderedPage> Draw(const struct FakeDocument& document, const PageSpec& page);

  std::shared_ptr<Arena> arena_;
  mutable Mutex mutex_;
  CondVar changed_;
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  int drawings_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace quire::server
