#include "worker/render/tiff_pixels.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "worker/render/pixel_rows.h"

namespace quire::render {
namespace {

// Which sample is opacity; one of unknown meaning is not taken for it.
void FindAlpha(const TiffFile& file, PixelLayout& layout) {
  uint16_t extra_samples = 0;
  const uint16_t* kinds = nullptr;
  TIFFGetFieldDefaulted(file.handle(), TIFFTAG_EXTRASAMPLES, &extra_samples, &kinds);
  for (int i = 0; i < extra_samples; ++i) {
    const int sample = ColourSamples(layout.colours) + i;
    if (sample >= layout.samples) return;
    if (kinds[i] != EXTRASAMPLE_ASSOCALPHA && kinds[i] != EXTRASAMPLE_UNASSALPHA) continue;
    layout.alpha =
        kinds[i] == EXTRASAMPLE_ASSOCALPHA ? Alpha::kPremultiplied : Alpha::kStraight;
    layout.alpha_index = sample;
    return;
  }
}

std::optional<Colours> ColoursOf(const TiffFile& file) {
  switch (file.Field<uint16_t>(TIFFTAG_PHOTOMETRIC)) {
    case PHOTOMETRIC_MINISBLACK:
      return Colours::kGrey;
    case PHOTOMETRIC_MINISWHITE:
      return Colours::kGreyWhiteIsZero;
    case PHOTOMETRIC_RGB:
      return Colours::kRgb;
    case PHOTOMETRIC_SEPARATED:
      if (file.Field<uint16_t>(TIFFTAG_INKSET) == INKSET_CMYK) return Colours::kCmyk;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

// How the page's samples lie when they can be taken as they are; nothing when libtiff must convert.
std::optional<PixelLayout> PlainLayout(const TiffFile& file) {
  const std::optional<Colours> colours = ColoursOf(file);
  const int bits = file.Field<uint16_t>(TIFFTAG_BITSPERSAMPLE);
  const int sample_format = file.Field<uint16_t>(TIFFTAG_SAMPLEFORMAT);
  if (!colours.has_value() || (bits != 8 && bits != 16) ||
      (sample_format != SAMPLEFORMAT_UINT && sample_format != SAMPLEFORMAT_VOID)) {
    return std::nullopt;
  }
  PixelLayout layout{.colours = *colours,
                     .samples = file.Field<uint16_t>(TIFFTAG_SAMPLESPERPIXEL),
                     .sixteen = bits == 16};
  if (layout.samples < ColourSamples(*colours)) return std::nullopt;
  FindAlpha(file, layout);
  return layout;
}

// Reads a page band by band: a band is as many rows as a strip or a row of tiles has. Its samples
// come out pixel by pixel, however they lie in the file.
class BandReader {
 public:
  BandReader(const TiffFile& file, const PixelLayout& layout, int width, int height)
      : file_(file),
        tiff_(file.handle()),
        tiled_(TIFFIsTiled(tiff_) != 0),
        planes_(file.Field<uint16_t>(TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE
                    ? layout.samples
                    : 1),
        sample_bytes_(layout.sixteen ? 2 : 1),
        samples_(layout.samples),
        width_(width),
        height_(height) {}

  // InvalidArgument when the strips or tiles have no sound size.
  absl::Status Prepare() {
    // 200 bytes may claim 65,535 samples, and gigabytes for a small page.
    if (samples_ > kMostSamples) {
      return file_.PageDamaged(absl::StrCat("has ", samples_, " samples a pixel; the limit is ",
                                            kMostSamples));
    }
    const int64_t piece_width = tiled_ ? file_.Field<uint32_t>(TIFFTAG_TILEWIDTH) : width_;
    const int64_t piece_height =
        file_.Field<uint32_t>(tiled_ ? TIFFTAG_TILELENGTH : TIFFTAG_ROWSPERSTRIP);
    const int64_t piece_samples = samples_ / planes_;
    piece_width_ = static_cast<int>(std::min<int64_t>(piece_width, kMostTileSide));
    band_rows_ = static_cast<int>(std::min<int64_t>(piece_height, tiled_ ? kMostTileSide : height_));
    const uint64_t row_bytes = static_cast<uint64_t>(piece_width) * piece_samples * sample_bytes_;
    const uint64_t expected = row_bytes * band_rows_;
    const uint64_t told = tiled_ ? TIFFTileSize64(tiff_) : TIFFVStripSize64(tiff_, band_rows_);
    if (piece_width < 1 || piece_height < 1 || piece_width != piece_width_ || told != expected ||
        (tiled_ && piece_height != band_rows_)) {
      return file_.PageDamaged("has strips or tiles of an unsound size");
    }
    piece_.resize(expected);
    band_.resize(static_cast<size_t>(band_rows_) * width_ * samples_ * sample_bytes_);
    return absl::OkStatus();
  }

  int band_rows() const { return band_rows_; }
  const uint8_t* Row(int row_of_band) const {
    return band_.data() + static_cast<size_t>(row_of_band) * width_ * samples_ * sample_bytes_;
  }

  // Reads the band that begins at row `top`. InvalidArgument when the file has not all of it.
  absl::Status Read(int top) {
    for (int plane = 0; plane < planes_; ++plane) {
      for (int left = 0; left < width_; left += piece_width_) {
        QUIRE_RETURN_IF_ERROR(ReadPiece(left, top, plane));
        Spread(left, plane, std::min(band_rows_, height_ - top));
      }
    }
    return absl::OkStatus();
  }

 private:
  static constexpr int64_t kMostTileSide = 1 << 15;
  static constexpr int kMostSamples = 32;

  absl::Status ReadPiece(int left, int top, int plane) {
    const uint16_t sample = static_cast<uint16_t>(plane);
    const tmsize_t rows = std::min(band_rows_, height_ - top);
    const tmsize_t wanted = static_cast<tmsize_t>(piece_.size()) / band_rows_ *
                            (tiled_ ? band_rows_ : rows);
    const tmsize_t got =
        tiled_ ? TIFFReadEncodedTile(tiff_, TIFFComputeTile(tiff_, left, top, 0, sample),
                                     piece_.data(), wanted)
               : TIFFReadEncodedStrip(tiff_, TIFFComputeStrip(tiff_, top, sample), piece_.data(),
                                      wanted);
    if (got == wanted) return absl::OkStatus();
    return file_.PageDamaged(absl::StrCat("cannot be decoded from row ", top, " on"));
  }

  // Puts the piece's samples where they belong in the band.
  void Spread(int left, int plane, int rows) {
    const int columns = std::min(piece_width_, width_ - left);
    const size_t pixel_bytes = static_cast<size_t>(samples_) * sample_bytes_;
    const size_t from_pixel_bytes = pixel_bytes / planes_;
    for (int y = 0; y < rows; ++y) {
      const uint8_t* from = piece_.data() + static_cast<size_t>(y) * piece_width_ * from_pixel_bytes;
      uint8_t* to = band_.data() + (static_cast<size_t>(y) * width_ + left) * pixel_bytes +
                    static_cast<size_t>(plane) * sample_bytes_;
      if (planes_ == 1) {
        std::memcpy(to, from, columns * pixel_bytes);
        continue;
      }
      for (int x = 0; x < columns; ++x, to += pixel_bytes, from += sample_bytes_) {
        std::memcpy(to, from, sample_bytes_);
      }
    }
  }

  const TiffFile& file_;
  TIFF* const tiff_;
  const bool tiled_;
  const int planes_;
  const int sample_bytes_;
  const int samples_;
  const int width_;
  const int height_;
  int piece_width_ = 0;
  int band_rows_ = 0;
  std::vector<uint8_t> piece_;  // a strip or tile as it is decoded
  std::vector<uint8_t> band_;   // [band_rows, width, samples]
};

absl::Status DrawPlain(const TiffFile& file, const PixelLayout& layout, int width, int height,
                       const TurnedCanvas& canvas) {
  BandReader reader(file, layout, width, height);
  QUIRE_RETURN_IF_ERROR(reader.Prepare());
  for (int top = 0; top < height; top += reader.band_rows()) {
    QUIRE_RETURN_IF_ERROR(reader.Read(top));
    for (int y = 0; y < std::min(reader.band_rows(), height - top); ++y) {
      WriteRgbRow(layout, reader.Row(y), width, canvas.Row(top + y), canvas.step());
    }
  }
  return absl::OkStatus();
}

// libtiff's own conversion: 8 bits red, green, blue, premultiplied opacity.
absl::Status DrawConverted(const TiffFile& file, int width, int height,
                           const TurnedCanvas& canvas) {
  char why[1024] = "";
  TIFFRGBAImage image;
  if (!TIFFRGBAImageBegin(&image, file.handle(), /*stop=*/1, why)) {
    return file.PageDamaged(absl::StrCat("is of a kind that cannot be shown: ", why));
  }
  image.req_orientation = image.orientation;  // rows as they are stored: the canvas turns them
  std::vector<uint32_t> raster(static_cast<size_t>(width) * height);
  const bool drawn = TIFFRGBAImageGet(&image, raster.data(), width, height) != 0;
  TIFFRGBAImageEnd(&image);
  if (!drawn) return file.PageDamaged("cannot be decoded");
  for (int y = 0; y < height; ++y) {
    uint8_t* out = canvas.Row(y);
    for (int x = 0; x < width; ++x, out += canvas.step()) {
      const uint32_t pixel = raster[static_cast<size_t>(y) * width + x];
      const uint32_t white = 255 - TIFFGetA(pixel);
      out[0] = static_cast<uint8_t>(std::min(TIFFGetR(pixel) + white, 255u));
      out[1] = static_cast<uint8_t>(std::min(TIFFGetG(pixel) + white, 255u));
      out[2] = static_cast<uint8_t>(std::min(TIFFGetB(pixel) + white, 255u));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status DrawTiffPage(const TiffFile& file, int width, int height, const TurnedCanvas& canvas) {
  const std::optional<PixelLayout> layout = PlainLayout(file);
  if (layout.has_value()) return DrawPlain(file, *layout, width, height, canvas);
  return DrawConverted(file, width, height, canvas);
}

}  // namespace quire::render
