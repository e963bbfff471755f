#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "worker/render/document.h"

namespace quire::render {

// A video: its pages are the frames that limits.frames names. `bytes` must outlive it.
// InvalidArgument: UNSUPPORTED_FORMAT when none are named, VIDEO_DAMAGED, IMAGE_TOO_LARGE,
// TOO_MANY_PAGES. Finding scenes decodes the whole video.
absl::StatusOr<std::unique_ptr<Document>> OpenVideo(Bytes bytes, const DocumentLimits& limits);

}  // namespace quire::render
