#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "worker/render/document.h"

namespace quire::render {

// A TIFF: every page of it, turned as its orientation tag says. `bytes` must outlive it.
// InvalidArgument: IMAGE_DAMAGED, TOO_MANY_PAGES, and IMAGE_TOO_LARGE when the only page is; a page
// among several that is too large fails alone, when it is drawn.
absl::StatusOr<std::unique_ptr<Document>> OpenTiff(Bytes bytes, const DocumentLimits& limits);

}  // namespace quire::render
