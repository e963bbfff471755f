#pragma once

#include "worker/render/document.h"

namespace quire::render {

// The orientation (1 to 8) that an EXIF block asks for. The block starts with the TIFF header "II" or
// "MM"; an "Exif\0\0" before it is skipped. 1, as stored, when it has none or cannot be read.
int ExifOrientation(Bytes block);

}  // namespace quire::render
