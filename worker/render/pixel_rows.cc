#include "worker/render/pixel_rows.h"

#include <algorithm>
#include <limits>

namespace quire::render {
namespace {

using Colour = std::array<uint64_t, 3>;

// Reads pixels of samples of type T, whose values go from 0 to kMost.
template <typename T>
class PixelReader {
 public:
  explicit PixelReader(const PixelLayout& layout) : layout_(layout) {}

  std::array<uint8_t, 3> Read(const T* pixel) const {
    const Colour colour = ColourOf(pixel);
    std::array<uint8_t, 3> rgb{255, 255, 255};
    if (layout_.transparent.has_value() && IsTransparent(colour)) return rgb;
    for (int i = 0; i < 3; ++i) rgb[i] = OnWhite(colour[i], pixel);
    return rgb;
  }

 private:
  static constexpr uint64_t kMost = std::numeric_limits<T>::max();

  Colour ColourOf(const T* p) const {
    switch (layout_.colours) {
      case Colours::kGrey:
        return {p[0], p[0], p[0]};
      case Colours::kGreyWhiteIsZero:
        return {kMost - p[0], kMost - p[0], kMost - p[0]};
      case Colours::kRgb:
        return {p[0], p[1], p[2]};
      case Colours::kBgr:
        return {p[2], p[1], p[0]};
      case Colours::kCmyk:
        return {WithoutInk(p[0], p[3]), WithoutInk(p[1], p[3]), WithoutInk(p[2], p[3])};
    }
    return {};
  }

  static uint64_t WithoutInk(T ink, T black) {
    return ((kMost - ink) * (kMost - black) + kMost / 2) / kMost;
  }

  bool IsTransparent(const Colour& colour) const {
    return std::equal(colour.begin(), colour.end(), layout_.transparent->begin());
  }

  uint8_t OnWhite(uint64_t value, const T* pixel) const {
    switch (layout_.alpha) {
      case Alpha::kNone:
        break;
      case Alpha::kStraight: {
        const uint64_t alpha = pixel[layout_.alpha_index];
        const uint64_t blended = value * alpha + kMost * (kMost - alpha);  // of kMost * kMost
        return static_cast<uint8_t>((blended * 255 + kMost * kMost / 2) / (kMost * kMost));
      }
      case Alpha::kPremultiplied:
        value = std::min(value + kMost - pixel[layout_.alpha_index], kMost);
        break;
    }
    return static_cast<uint8_t>((value * 255 + kMost / 2) / kMost);
  }

  const PixelLayout& layout_;
};

template <typename T>
void WriteRow(const PixelLayout& layout, const T* row, int width, uint8_t* out, ptrdiff_t step) {
  const PixelReader<T> reader(layout);
  for (int x = 0; x < width; ++x, row += layout.samples, out += step) {
    const std::array<uint8_t, 3> rgb = reader.Read(row);
    out[0] = rgb[0];
    out[1] = rgb[1];
    out[2] = rgb[2];
  }
}

// What most images are: 8 bits, opaque. first, second, third: where red, green and blue lie.
void WritePlainRow(const uint8_t* row, int samples, std::array<int, 3> at, int width, uint8_t* out,
                   ptrdiff_t step) {
  for (int x = 0; x < width; ++x, row += samples, out += step) {
    out[0] = row[at[0]];
    out[1] = row[at[1]];
    out[2] = row[at[2]];
  }
}

}  // namespace

int ColourSamples(Colours colours) {
  switch (colours) {
    case Colours::kGrey:
    case Colours::kGreyWhiteIsZero:
      return 1;
    case Colours::kRgb:
    case Colours::kBgr:
      return 3;
    case Colours::kCmyk:
      return 4;
  }
  return 0;
}

void WriteRgbRow(const PixelLayout& layout, const void* row, int width, uint8_t* out,
                 ptrdiff_t step) {
  if (layout.sixteen) {
    return WriteRow(layout, static_cast<const uint16_t*>(row), width, out, step);
  }
  const auto* bytes = static_cast<const uint8_t*>(row);
  const bool plain = layout.alpha == Alpha::kNone && !layout.transparent.has_value();
  if (plain && layout.colours == Colours::kGrey) {
    WritePlainRow(bytes, layout.samples, {0, 0, 0}, width, out, step);
  } else if (plain && layout.colours == Colours::kRgb) {
    WritePlainRow(bytes, layout.samples, {0, 1, 2}, width, out, step);
  } else if (plain && layout.colours == Colours::kBgr) {
    WritePlainRow(bytes, layout.samples, {2, 1, 0}, width, out, step);
  } else {
    WriteRow(layout, bytes, width, out, step);
  }
}

}  // namespace quire::render
