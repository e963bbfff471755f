#include "tests/support/blocking_renders.h"

#include <sys/mman.h>
#include <unistd.h>

#include <future>
#include <utility>

#include "proto/check.h"

namespace quire {

absl::StatusOr<server::OpenedDocument> OpenAndWait(server::RenderPool& pool,
                                                   std::string_view bytes) {
  const int fd = memfd_create("document", MFD_CLOEXEC);
  QUIRE_CHECK(write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  std::promise<absl::StatusOr<server::OpenedDocument>> opened;
  pool.Open(
      fd, static_cast<int64_t>(bytes.size()), {},
      [&](absl::StatusOr<server::OpenedDocument> result) { opened.set_value(std::move(result)); });
  close(fd);
  return opened.get_future().get();
}

absl::StatusOr<server::RenderedPage> RenderAndWait(server::RenderPool& pool,
                                                   const server::OpenedDocument& document,
                                                   const server::RenderPool::PageSpec& page) {
  std::promise<absl::StatusOr<server::RenderedPage>> drawn;
  pool.Render(document.document, page, [&](absl::StatusOr<server::RenderedPage> result) {
    drawn.set_value(std::move(result));
  });
  return drawn.get_future().get();
}

}  // namespace quire
