#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quire::client {

// Words in lines of one size.
struct FittedText {
  double font_size = 0;  // in the box's unit
  struct Line {
    std::string text;
    double width = 0;  // as it comes with that size
  };
  std::vector<Line> lines;
};

// A line takes this much of a box's height, in font sizes.
inline constexpr double kLineHeight = 1.2;

// Breaks `text`, whose words blanks separate, into the lines of the largest size at which they fill
// a box no higher than it is. A word wider than the box has a line of its own.
//   width_of  width of a text in a font of size 1
FittedText FitText(std::string_view text, double box_width, double box_height,
                   double (*width_of)(void* context, const std::string& text), void* context);

}  // namespace quire::client
