#pragma once

#include "absl/status/status.h"
#include "worker/render/tiff_file.h"
#include "worker/render/turned_canvas.h"

namespace quire::render {

// Draws the current page of `file`, whose size is `width` x `height` as stored, onto the canvas.
// Grey, RGB and CMYK of 8 or 16 bits are read as they are, in strips or tiles, their channels
// together or apart; whatever else libtiff can show (1 bit, palettes, YCbCr, Lab, JPEG in TIFF)
// through its own conversion to 8 bits. InvalidArgument, IMAGE_DAMAGED, with libtiff's words.
absl::Status DrawTiffPage(const TiffFile& file, int width, int height, const TurnedCanvas& canvas);

}  // namespace quire::render
