#include "tests/worker/render/made_images.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <opencv2/imgcodecs.hpp>

#include "absl/strings/str_cat.h"
#include "tests/worker/render/raw_images.h"

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

cv::Mat Quartered(int width, int height) {
  cv::Mat bgr(height, width, CV_8UC3, cv::Scalar(255, 255, 255));
  bgr(cv::Rect(0, 0, width / 2, height / 2)) = cv::Scalar(0, 0, 255);
  bgr(cv::Rect(width / 2, 0, width / 2, height / 2)) = cv::Scalar(0, 255, 0);
  bgr(cv::Rect(0, height / 2, width / 2, height / 2)) = cv::Scalar(255, 0, 0);
  return bgr;
}

}  // namespace

std::string QuarteredImage(const std::string& extension, int width, int height) {
  return Encoded(extension, Quartered(width, height));
}

std::string QuarteredRgb(int width, int height) {
  const cv::Mat bgr = Quartered(width, height);
  std::string rgb(bgr.datastart, bgr.dataend);
  for (size_t i = 0; i < rgb.size(); i += 3) std::swap(rgb[i], rgb[i + 2]);
  return rgb;
}

std::string PngWithAlpha(const Rgb& colour, int alpha, bool sixteen) {
  const int scale = sixteen ? 257 : 1;
  const cv::Scalar pixel(colour[2] * scale, colour[1] * scale, colour[0] * scale, alpha * scale);
  return Encoded(".png", cv::Mat(4, 4, sixteen ? CV_16UC4 : CV_8UC4, pixel));
}

std::string GreyPng16(int value) {
  return Encoded(".png", cv::Mat(4, 4, CV_16UC1, cv::Scalar(value)));
}

std::string WebpWithAlpha(int width, int height, const Rgb& colour, int alpha) {
  const cv::Scalar pixel(colour[2], colour[1], colour[0], alpha);
  return Encoded(".webp", cv::Mat(height, width, CV_8UC4, pixel));
}

std::string ExifBlock(int orientation, std::string_view byte_order) {
  const auto number = [&](uint64_t value, int bytes) {
    return byte_order == "II" ? Little(value, bytes) : Big(value, bytes);
  };
  return absl::StrCat(std::string(byte_order), number(42, 2), number(8, 4), number(1, 2),
                      number(0x0112, 2), number(3, 2), number(1, 4), number(orientation, 2),
                      number(0, 2), number(0, 4));
}

std::string WithOrientation(const std::string& jpeg, int orientation) {
  const std::string data = absl::StrCat(std::string("Exif\0\0", 6), ExifBlock(orientation));
  return absl::StrCat(jpeg.substr(0, 2), "\xff\xe1", Big(data.size() + 2, 2), data, jpeg.substr(2));
}

std::string Fixture(const std::string& name) {
  std::ifstream file(absl::StrCat(QUIRE_FIXTURES, "/", name), std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  EXPECT_FALSE(bytes.empty()) << name;
  return bytes;
}

}  // namespace quire::render
