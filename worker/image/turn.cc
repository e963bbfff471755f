#include "worker/image/turn.h"

#include <cstring>

#include "proto/check.h"

namespace quire::worker {

Image Turn(PixelView source, int degrees) {
  QUIRE_CHECK(degrees == 0 || degrees == 90 || degrees == 180 || degrees == 270);
  const bool lies = degrees % 180 != 0;
  Image turned(lies ? source.height : source.width, lies ? source.width : source.height);
  // Where the source's first pixel goes, and the way from there to its right and lower neighbours.
  const ptrdiff_t row = ptrdiff_t{3} * turned.width;
  const ptrdiff_t right = degrees == 0 ? 3 : degrees == 90 ? row : degrees == 180 ? -3 : -row;
  const ptrdiff_t down = degrees == 0 ? row : degrees == 90 ? -3 : degrees == 180 ? -row : 3;
  uint8_t* first = turned.data.data();
  if (right < 0) first -= right * (source.width - 1);
  if (down < 0) first -= down * (source.height - 1);
  const uint8_t* from = source.data;
  for (int y = 0; y < source.height; ++y) {
    uint8_t* to = first + y * down;
    for (int x = 0; x < source.width; ++x, from += 3, to += right) std::memcpy(to, from, 3);
  }
  return turned;
}

}  // namespace quire::worker
