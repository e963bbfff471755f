#include "tests/worker/render/made_images.h"

#include <gtest/gtest.h>
#include <tiffio.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <opencv2/imgcodecs.hpp>

#include "proto/status.h"

namespace quire::render {
namespace {

std::string Encoded(const std::string& extension, const cv::Mat& image) {
  std::vector<uint8_t> bytes;
  std::vector<int> options;
  if (extension == ".jpg") options = {cv::IMWRITE_JPEG_QUALITY, 100};
  if (extension == ".webp") options = {cv::IMWRITE_WEBP_QUALITY, 101};
  EXPECT_TRUE(cv::imencode(extension, image, bytes, options));
  return {bytes.begin(), bytes.end()};
}

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// `count` pixels of these samples, packed as TIFF wants them.
std::vector<uint8_t> Packed(const std::vector<int>& samples, int bits, int count) {
  std::vector<uint8_t> bytes;
  if (bits == 1) return std::vector<uint8_t>((count + 7) / 8, samples[0] != 0 ? 0xff : 0);
  for (int i = 0; i < count; ++i) {
    for (const int sample : samples) {
      bytes.push_back(static_cast<uint8_t>(sample));
      if (bits == 16) bytes.push_back(static_cast<uint8_t>(sample >> 8));
    }
  }
  return bytes;
}

void WritePixels(TIFF* tiff, const MadeTiffPage& page) {
  const int planes = page.planar ? static_cast<int>(page.pixel.size()) : 1;
  for (int plane = 0; plane < planes; ++plane) {
    const std::vector<int> samples =
        page.planar ? std::vector<int>{page.pixel[plane]} : page.pixel;
    if (page.tile > 0) {
      std::vector<uint8_t> tile = Packed(samples, page.bits, page.tile * page.tile);
      for (int y = 0; y < page.height; y += page.tile) {
        for (int x = 0; x < page.width; x += page.tile) {
          EXPECT_GT(TIFFWriteTile(tiff, tile.data(), x, y, 0, plane), 0);
        }
      }
      continue;
    }
    std::vector<uint8_t> row = Packed(samples, page.bits, page.width);
    for (int y = 0; y < page.height; ++y) EXPECT_EQ(TIFFWriteScanline(tiff, row.data(), y, plane), 1);
  }
}

}  // namespace

Rgb Drawing::At(int x, int y) const {
  const uint8_t* pixel = pixels.data() + (static_cast<size_t>(y) * page.width_px + x) * 3;
  return {pixel[0], pixel[1], pixel[2]};
}

absl::StatusOr<Drawing> DrawPage(const std::string& bytes, int page_index, const DrawSize& size,
                                 const DocumentLimits& limits, const std::string& password) {
  const Bytes view(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  QUIRE_ASSIGN_OR_RETURN(const std::unique_ptr<Document> document,
                         OpenDocument(view, password, limits));
  Drawing drawing;
  drawing.pixels.resize(4 << 20);
  QUIRE_ASSIGN_OR_RETURN(
      drawing.page,
      document->Draw(page_index, size, {drawing.pixels.data(), drawing.pixels.size()}));
  return drawing;
}

std::string QuarteredImage(const std::string& extension, int width, int height) {
  cv::Mat image(height, width, CV_8UC3, cv::Scalar(255, 255, 255));
  image(cv::Rect(0, 0, width / 2, height / 2)) = cv::Scalar(0, 0, 255);
  image(cv::Rect(width / 2, 0, width / 2, height / 2)) = cv::Scalar(0, 255, 0);
  image(cv::Rect(0, height / 2, width / 2, height / 2)) = cv::Scalar(255, 0, 0);
  return Encoded(extension, image);
}

std::string PngWithAlpha(const Rgb& colour, int alpha, bool sixteen) {
  const int scale = sixteen ? 257 : 1;
  const cv::Scalar pixel(colour[2] * scale, colour[1] * scale, colour[0] * scale, alpha * scale);
  return Encoded(".png", cv::Mat(4, 4, sixteen ? CV_16UC4 : CV_8UC4, pixel));
}

std::string GreyPng16(int value) { return Encoded(".png", cv::Mat(4, 4, CV_16UC1, cv::Scalar(value))); }

std::string WithOrientation(const std::string& jpeg, int orientation) {
  std::string exif("Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 25);
  exif += static_cast<char>(orientation);
  exif.append(6, '\0');
  const size_t length = exif.size() + 2;
  const std::string marker = {'\xff', '\xe1', static_cast<char>(length >> 8), static_cast<char>(length)};
  return jpeg.substr(0, 2) + marker + exif + jpeg.substr(2);
}

std::string MakeTiff(const std::vector<MadeTiffPage>& pages) {
  std::string path = testing::TempDir() + "/quire-tiff-XXXXXX";
  const int fd = mkstemp(path.data());
  EXPECT_GE(fd, 0);
  close(fd);
  TIFF* tiff = TIFFOpen(path.c_str(), "w");
  for (const MadeTiffPage& page : pages) {
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, page.width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, page.height);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, page.bits);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, static_cast<int>(page.pixel.size()));
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, page.photometric);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, page.planar ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, page.orientation);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
    if (page.thumbnail) TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE);
    if (page.tile > 0) {
      TIFFSetField(tiff, TIFFTAG_TILEWIDTH, page.tile);
      TIFFSetField(tiff, TIFFTAG_TILELENGTH, page.tile);
    } else {
      TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 7);
    }
    WritePixels(tiff, page);
    EXPECT_EQ(TIFFWriteDirectory(tiff), 1);
  }
  TIFFClose(tiff);
  const std::string bytes = ReadWhole(path);
  unlink(path.c_str());
  return bytes;
}

std::string Fixture(const std::string& name) {
  const std::string bytes = ReadWhole(std::string(QUIRE_FIXTURES) + "/" + name);
  EXPECT_FALSE(bytes.empty()) << name;
  return bytes;
}

}  // namespace quire::render
