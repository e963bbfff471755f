#include "worker/render/image_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/worker/render/made_images.h"
#include "tests/worker/render/raw_images.h"

namespace quire::render {
namespace {

using ::testing::IsEmpty;
using std::string_literals::operator""s;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr char kDamaged[] = "IMAGE_DAMAGED";

// Reads a header from bytes that end where they end, so that AddressSanitizer sees a step beyond.
template <typename Reader>
auto Read(Reader reader, const std::string& file) {
  const std::vector<uint8_t> exact(file.begin(), file.end());
  return reader(exact);
}

const std::string kPngStart = "\x89PNG\r\n\x1a\n";
const std::string kHeader = "\0\0\0\x07\0\0\0\x05\x08\x02\0\0\0"s;  // 7 x 5, 8 bits, RGB

TEST(PngHeader, HasTheSize) {
  const auto header = Read(ReadPngHeader, QuarteredImage(".png", 7, 5));
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->width, 7);
  EXPECT_EQ(header->height, 5);
  EXPECT_EQ(header->orientation, 1);
  EXPECT_FALSE(header->transparent.has_value());
}

TEST(PngHeader, HasTheOrientation) {
  const auto header = Read(
      ReadPngHeader,
      MakePng({.width = 2, .height = 1, .chunks = {{"eXIf", ExifBlock(6)}}, .rows = "abcdef"}));
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->orientation, 6);
}

TEST(PngHeader, MustBeginWithItsSize) {
  EXPECT_THAT(Read(ReadPngHeader, kPngStart + PngChunk("IDAT", "") + PngChunk("IEND", "")),
              IsError(kInvalid, kDamaged, "the PNG does not begin with its size (IHDR)"));
}

TEST(PngHeader, MayNotBeTooShort) {
  EXPECT_THAT(Read(ReadPngHeader,
                   kPngStart + PngChunk("IHDR", kHeader.substr(0, 12)) + PngChunk("IEND", "")),
              IsError(kInvalid, kDamaged, "IHDR"));
}

TEST(PngHeader, MayNotComeTwice) {
  EXPECT_THAT(Read(ReadPngHeader, kPngStart + PngChunk("IHDR", kHeader) + PngChunk("IHDR", "")),
              IsError(kInvalid, kDamaged, "IHDR"));
}

TEST(PngHeader, MayNotBeZeroPixelsWide) {
  EXPECT_THAT(Read(ReadPngHeader,
                   kPngStart + PngChunk("IHDR", std::string(13, '\0')) + PngChunk("IEND", "")),
              IsError(kInvalid, kDamaged, "0 px"));
}

// Grey levels would be divided by the largest of them.
TEST(PngHeader, MayNotHaveSamplesWithoutBits) {
  EXPECT_THAT(Read(ReadPngHeader, MakePng({.width = 1,
                                           .height = 1,
                                           .depth = 0,
                                           .colour_type = 0,
                                           .chunks = {{"tRNS", "ab"}},
                                           .rows = "x"})),
              IsError(kInvalid, kDamaged, "samples of 0 bits"));
}

TEST(PngHeader, MayNotPromiseMoreThanThereIs) {
  EXPECT_THAT(Read(ReadPngHeader, kPngStart + PngChunk("IHDR", kHeader) + "\xff\xff\xff\xffIDAT" +
                                      std::string(20, 'x')),
              IsError(kInvalid, kDamaged, "the PNG is cut off after"));
}

TEST(CutOff, PngIsRefusedAnywhere) {
  EXPECT_THAT(LengthsThatDraw(QuarteredImage(".png", 16, 16)), IsEmpty());
}

TEST(JpegHeader, HasTheSize) {
  const auto header = Read(ReadJpegHeader, QuarteredImage(".jpg", 24, 16));
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->width, 24);
  EXPECT_EQ(header->height, 16);
  EXPECT_EQ(header->orientation, 1);
}

TEST(JpegHeader, HasTheOrientation) {
  const auto header = Read(ReadJpegHeader, WithOrientation(QuarteredImage(".jpg", 16, 16), 8));
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->orientation, 8);
}

TEST(JpegHeader, MustTellItsSize) {
  EXPECT_THAT(Read(ReadJpegHeader, "\xff\xd8\xff\xe0\0\x02\xff\xd9"s),
              IsError(kInvalid, kDamaged, "the JPEG ends before its size is told"));
}

TEST(JpegHeader, MayNotBeTooShort) {
  EXPECT_THAT(Read(ReadJpegHeader, "\xff\xd8\xff\xc0\0\x05\x08\0\x10\xff\xd9"s),
              IsError(kInvalid, kDamaged, "too short"));
}

TEST(JpegHeader, MayNotBeEmpty) {
  EXPECT_THAT(Read(ReadJpegHeader, "\xff\xd8\xff\xc0\0\x08\x08\0\0\0\x10\x01\xff\xd9"s),
              IsError(kInvalid, kDamaged, "claims to have 16 x 0 px"));
}

TEST(JpegHeader, MayNotPromiseMoreThanThereIs) {
  EXPECT_THAT(Read(ReadJpegHeader, "\xff\xd8\xff\xe0\xff\xff\x01"s),
              IsError(kInvalid, kDamaged, "the JPEG is cut off after"));
}

TEST(JpegHeader, MayNotLieBeyondTheEnd) {
  EXPECT_THAT(Read(ReadJpegHeader, "\xff\xd8\xff\xc0\xff\xff\x08"s),
              IsError(kInvalid, kDamaged, "the JPEG is cut off after 7 bytes"));
}

TEST(CutOff, JpegIsRefusedAnywhere) {
  EXPECT_THAT(LengthsThatDraw(QuarteredImage(".jpg", 16, 16)), IsEmpty());
}

TEST(BmpHeader, HasTheSize) {
  const auto header = Read(ReadBmpHeader, QuarteredImage(".bmp", 7, 5));
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->width, 7);
  EXPECT_EQ(header->height, 5);
}

TEST(BmpHeader, HasTheSizeOfTheOldestKind) {
  const auto header =
      Read(ReadBmpHeader,
           MakeBmp({.width = 2, .height = 1, .header_bytes = 12, .rows = std::string(8, 'x')}));
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->width, 2);
  EXPECT_EQ(header->height, 1);
}

TEST(BmpHeader, HasAPositiveHeightWhenRowsComeFromTheTop) {
  const auto header =
      Read(ReadBmpHeader, MakeBmp({.width = 2, .height = -3, .rows = std::string(24, 'x')}));
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->height, 3);
}

TEST(BmpHeader, SaysWhetherTheFourthChannelIsOpacity) {
  RawBmp bmp{.width = 1,
             .height = 1,
             .depth = 32,
             .header_bytes = 108,
             .compression = 3,
             .masks = {0xff0000, 0xff00, 0xff, 0xff000000},
             .rows = "abcd"};
  EXPECT_TRUE(Read(ReadBmpHeader, MakeBmp(bmp))->alpha_counts);
  bmp.masks[3] = 0;
  EXPECT_FALSE(Read(ReadBmpHeader, MakeBmp(bmp))->alpha_counts);
}

TEST(BmpHeader, MayNotBeEmpty) {
  EXPECT_THAT(Read(ReadBmpHeader, MakeBmp({.width = 0, .height = 4, .rows = "abcd"})),
              IsError(kInvalid, kDamaged, "the BMP claims to have 0 x 4 px"));
  EXPECT_THAT(Read(ReadBmpHeader, MakeBmp({.width = -1, .height = 4, .rows = "abcd"})),
              IsError(kInvalid, kDamaged, "the BMP claims to have -1 x 4 px"));
}

TEST(BmpHeader, MayNotPromiseMoreThanThereIs) {
  EXPECT_THAT(Read(ReadBmpHeader, MakeBmp({.width = 0x7fffffff, .height = 0x7fffffff, .rows = ""})),
              IsError(kInvalid, kDamaged, "the BMP is cut off after"));
}

TEST(BmpHeader, MayNotPlaceItsPixelsBeyondTheEnd) {
  std::string file = QuarteredImage(".bmp", 4, 4);
  file.replace(10, 4, Little(file.size() + 1, 4));
  EXPECT_THAT(Read(ReadBmpHeader, file), IsError(kInvalid, kDamaged, "the BMP is cut off after"));
}

TEST(BmpHeader, MayNotBeLongerThanTheFile) {
  std::string file = QuarteredImage(".bmp", 4, 4);
  file.replace(14, 4, Little(0x7fffffff, 4));
  EXPECT_THAT(Read(ReadBmpHeader, file), IsError(kInvalid, kDamaged, "the BMP is cut off after"));
}

TEST(CutOff, BmpIsRefusedAnywhere) {
  EXPECT_THAT(LengthsThatDraw(QuarteredImage(".bmp", 8, 8)), IsEmpty());
}

}  // namespace
}  // namespace quire::render
