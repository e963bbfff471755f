#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "quire/render/v1/render.pb.h"
#include "worker/render/document.h"
#include "worker/render/open_documents.h"

namespace quire::render {

// Answers the front's requests. One thread.
class RenderService {
 public:
  // arena         memory shared with the front, in which it says where each page goes
  // memory_bytes  that the process may take; 0: no limit
  RenderService(Canvas arena, int64_t memory_bytes);

  // Exactly one reply to each request. `fd`: the document's file, beside OpenDocument; -1 beside the
  // others; the caller's to close.
  quire::render::v1::RenderReply Answer(const quire::render::v1::RenderRequest& request, int fd);

  // Reads requests from `socket` and answers them until the front closes it: OK then. Internal when
  // the front does not keep to the protocol.
  absl::Status Serve(int socket);

 private:
  absl::Status Open(const quire::render::v1::OpenDocument& request, int fd,
                    quire::render::v1::DocumentOpened& opened);
  absl::Status Render(const quire::render::v1::RenderPage& request,
                      quire::render::v1::PageRendered& rendered);
  // Cleans the page that was drawn, and adds its images.
  static absl::Status Finish(const quire::render::v1::RenderPage& request, Canvas canvas,
                             const DrawnPage& page, quire::render::v1::PageRendered& rendered);

  const Canvas arena_;
  OpenDocuments documents_;
};

}  // namespace quire::render
