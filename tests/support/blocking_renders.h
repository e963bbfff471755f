#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "server/render_pool.h"

namespace quire {

// Calls of a render pool that wait for their answer, whose errors these are. Not for its own
// threads.
absl::StatusOr<server::OpenedDocument> OpenAndWait(server::RenderPool& pool,
                                                   std::string_view bytes);
absl::StatusOr<server::RenderedPage> RenderAndWait(server::RenderPool& pool,
                                                   const server::OpenedDocument& document,
                                                   const server::RenderPool::PageSpec& page);

}  // namespace quire
