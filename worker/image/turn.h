#pragma once

#include "worker/image/pixels.h"

namespace quire::worker {

// A page turned clockwise by 0, 90, 180 or 270 degrees, pixel by pixel.
Image Turn(PixelView source, int degrees);

}  // namespace quire::worker
