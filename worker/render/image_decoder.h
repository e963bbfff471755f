#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "worker/render/document.h"

namespace quire::render {

// A PNG, JPEG, WebP or BMP: a document of one page, turned as its EXIF block says. `bytes` must
// outlive it. InvalidArgument: IMAGE_DAMAGED, IMAGE_TOO_LARGE (told by the header, before decoding).
absl::StatusOr<std::unique_ptr<Document>> OpenImage(Bytes bytes, quire::v1::DocumentFormat format,
                                                    const DocumentLimits& limits);

}  // namespace quire::render
