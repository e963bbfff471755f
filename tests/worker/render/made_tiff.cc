#include "tests/worker/render/made_tiff.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <tiffio.h>
#include <unistd.h>

#include <algorithm>

namespace quire::render {
namespace {

constexpr int kStripRows = 7;
constexpr int kJpegStripRows = 8;  // whole blocks

// `count` pixels of these samples, packed as TIFF wants them.
std::vector<uint8_t> Packed(const std::vector<int>& samples, int bits, int count) {
  std::vector<uint8_t> bytes;
  if (bits == 1) return std::vector<uint8_t>((count + 7) / 8, samples[0] != 0 ? 0xff : 0);
  for (int i = 0; i < count; ++i) {
    for (const int sample : samples) {
      for (int shift = 0; shift < bits; shift += 8) {
        bytes.push_back(static_cast<uint8_t>(sample >> shift));
      }
    }
  }
  return bytes;
}

struct Area {
  int left, top, width, height;
};

// The samples of an area of the page, of one plane or all; beyond the picture they are 0x77.
std::vector<uint8_t> SamplesOf(const MadeTiffPage& page, const Area& area, int plane) {
  const int samples = static_cast<int>(page.pixel.size());
  if (page.picture.empty()) {
    return Packed(page.planar ? std::vector<int>{page.pixel[plane]} : page.pixel, page.bits,
                  area.width * area.height);
  }
  std::vector<uint8_t> bytes;
  for (int y = area.top; y < area.top + area.height; ++y) {
    for (int x = area.left; x < area.left + area.width; ++x) {
      const bool inside = x < page.width && y < page.height;
      for (int i = page.planar ? plane : 0; i < (page.planar ? plane + 1 : samples); ++i) {
        bytes.push_back(
            inside ? static_cast<uint8_t>(page.picture[(y * page.width + x) * samples + i]) : 0x77);
      }
    }
  }
  return bytes;
}

void WritePixels(TIFF* tiff, const MadeTiffPage& page) {
  const int planes = page.planar ? static_cast<int>(page.pixel.size()) : 1;
  const int across = page.tile > 0 ? page.tile : page.width;
  const int down = page.tile > 0 ? page.tile : 1;
  for (int plane = 0; plane < planes; ++plane) {
    for (int y = 0; y < page.height; y += down) {
      for (int x = 0; x < page.width; x += across) {
        std::vector<uint8_t> piece = SamplesOf(page, {x, y, across, down}, plane);
        const int64_t written = page.tile > 0 ? TIFFWriteTile(tiff, piece.data(), x, y, 0, plane)
                                              : TIFFWriteScanline(tiff, piece.data(), y, plane);
        EXPECT_GT(written, 0);
      }
    }
  }
}

void SetColourMap(TIFF* tiff, int bits) {
  std::vector<uint16_t> red, green, blue(1 << bits);
  for (int i = 0; i < 1 << bits; ++i) {
    red.push_back(static_cast<uint16_t>(i * 257));
    green.push_back(static_cast<uint16_t>(i / 2 * 257));
  }
  TIFFSetField(tiff, TIFFTAG_COLORMAP, red.data(), green.data(), blue.data());
}

void SetFields(TIFF* tiff, const MadeTiffPage& page) {
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, page.width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, page.height);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, page.bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, static_cast<int>(page.pixel.size()));
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, page.sample_format);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, page.photometric);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG,
               page.planar ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, page.orientation);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, page.compression);
  if (page.thumbnail) TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE);
  if (page.mask) TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_MASK);
  if (page.photometric == PHOTOMETRIC_PALETTE) SetColourMap(tiff, page.bits);
  if (!page.extra_samples.empty()) {
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, static_cast<int>(page.extra_samples.size()),
                 page.extra_samples.data());
  }
  if (page.tile > 0) {
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, page.tile);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, page.tile);
  } else {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP,
                 page.compression == COMPRESSION_JPEG ? kJpegStripRows : kStripRows);
  }
}

}  // namespace

std::string MakeTiff(const std::vector<MadeTiffPage>& pages, const std::string& mode) {
  const int fd = memfd_create("tiff", MFD_CLOEXEC);
  TIFF* tiff = TIFFFdOpen(dup(fd), "made.tiff", mode.c_str());
  for (const MadeTiffPage& page : pages) {
    SetFields(tiff, page);
    WritePixels(tiff, page);
    EXPECT_EQ(TIFFWriteDirectory(tiff), 1);
  }
  TIFFClose(tiff);
  std::string bytes(static_cast<size_t>(lseek(fd, 0, SEEK_END)), '\0');
  EXPECT_EQ(pread(fd, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  close(fd);
  return bytes;
}

}  // namespace quire::render
