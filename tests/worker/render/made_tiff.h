#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quire::render {

// One image of a TIFF. Numbers are the format's.
struct MadeTiffPage {
  int width = 40;
  int height = 20;
  int bits = 8;  // a sample
  int photometric =
      2;  // 0 white is zero, 1 black is zero, 2 RGB, 3 palette (entry i: i, i/2, 0), 5 CMYK
  std::vector<int> pixel = {255, 0, 0};  // samples of every pixel: 1, 8 or 16 bits
  // Or all samples of the picture, 8 bits each, [height, width, samples]; `pixel` tells how many.
  std::string picture;
  int tile = 0;         // side of its tiles; 0: strips
  bool planar = false;  // channels apart
  int orientation = 1;
  bool thumbnail = false;
  bool mask = false;
  int compression = 8;                  // 1 none, 5 LZW, 7 JPEG, 8 Deflate
  int sample_format = 1;                // 1 unsigned, 3 floating
  std::vector<uint16_t> extra_samples;  // kinds: 0 unknown, 1 premultiplied opacity, 2 straight
};
//   mode  "w", with "b" big-endian, with "8" BigTIFF
std::string MakeTiff(const std::vector<MadeTiffPage>& pages, const std::string& mode = "w");

}  // namespace quire::render
