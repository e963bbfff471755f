#pragma once

#include "quire/v1/ocr.pb.h"

namespace quire::server {

// Adds a page's stages to a document's, but for `upload`, which counts once a document.
void AddStages(const quire::v1::StageSeconds& page, quire::v1::StageSeconds& sum);

}  // namespace quire::server
