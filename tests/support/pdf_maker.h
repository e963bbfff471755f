#pragma once

#include <string>
#include <vector>

namespace quire {

// One page of a made PDF: a background and a row of squares that spells `code` in binary, so that no
// two codes look alike.
struct MadePage {
  double width_pt = 200;
  double height_pt = 100;
  int red = 255, green = 255, blue = 255;  // background
  unsigned code = 0;
  int rotate = 0;  // degrees clockwise
  std::string text;   // one line in Helvetica of 24 pt, without brackets or backslashes
  std::string extra;  // content stream operators drawn last
  int padding_bytes = 0;  // of the content stream that draw nothing
};

// A PDF 1.4 with these pages, uncompressed, without embedded fonts. The same pages give the same bytes.
std::string MakePdf(const std::vector<MadePage>& pages);

// `count` pages of the default size whose codes are 1, 2, 3, ...
std::string MakePdf(int count);

}  // namespace quire
