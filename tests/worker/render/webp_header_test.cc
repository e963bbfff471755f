#include "worker/render/webp_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/worker/render/made_images.h"
#include "tests/worker/render/raw_images.h"

namespace quire::render {
namespace {

using ::testing::IsEmpty;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr char kDamaged[] = "IMAGE_DAMAGED";
constexpr uint8_t kAnimated = 2;
constexpr uint8_t kExif = 8;

absl::StatusOr<WebpHeader> Read(const std::string& file) {
  const std::vector<uint8_t> exact(file.begin(), file.end());
  return ReadWebpHeader(exact);
}

std::string Canvas(int width, int height) { return WebpCanvas(width, height, kAnimated); }

std::string Frame(const WebpPlace& place) {
  return WebpFrame(place, ChunksOf(QuarteredImage(".webp", place.width, place.height)));
}

TEST(WebpHeader, HasTheSizeOfALossyStill) {
  const std::string frame =
      absl::StrCat(std::string(3, '\0'), "\x9d\x01\x2a", Little(24, 2), Little(16, 2));
  const auto header = Read(WebpFile(WebpChunk("VP8 ", frame)));
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->image.width, 24);
  EXPECT_EQ(header->image.height, 16);
  EXPECT_THAT(header->first_frame, IsEmpty());
}

TEST(WebpHeader, HasTheSizeOfALosslessStill) {
  const uint32_t sizes = (24 - 1) | (16 - 1) << 14;
  const auto header =
      Read(WebpFile(WebpChunk("VP8L", absl::StrCat("\x2f", Little(sizes, 4), "data"))));
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->image.width, 24);
  EXPECT_EQ(header->image.height, 16);
}

TEST(WebpHeader, HasTheOrientation) {
  const auto header =
      Read(WebpFile(WebpCanvas(24, 16, kExif) + ChunksOf(QuarteredImage(".webp", 24, 16)) +
                    WebpChunk("EXIF", ExifBlock(6))));
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->image.orientation, 6);
}

TEST(WebpHeader, HasTheFirstFrameOfAnAnimation) {
  const auto header =
      Read(WebpFile(Canvas(64, 48) + Frame({.x = 8, .y = 6, .width = 32, .height = 16}) +
                    Frame({.width = 64, .height = 48})));
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->image.width, 64);
  EXPECT_EQ(header->image.height, 48);
  EXPECT_EQ(header->frame_x, 8);
  EXPECT_EQ(header->frame_y, 6);
  EXPECT_EQ(header->frame_width, 32);
  EXPECT_EQ(header->frame_height, 16);
  EXPECT_EQ(header->first_frame.substr(0, 4), "RIFF");
}

TEST(WebpHeader, MayNotPlaceAFrameBeyondTheCanvas) {
  EXPECT_THAT(Read(WebpFile(Canvas(32, 32) + Frame({.x = 2, .width = 32, .height = 32}))),
              IsError(kInvalid, kDamaged, "lies outside of its canvas"));
}

TEST(WebpHeader, MayNotPlaceAFrameWithoutACanvas) {
  EXPECT_THAT(Read(WebpFile(Frame({.width = 32, .height = 32}))),
              IsError(kInvalid, kDamaged, "lies outside of its canvas"));
}

TEST(WebpHeader, KeepsItsFirstCanvas) {
  const auto header =
      Read(WebpFile(Canvas(64, 48) + Frame({.width = 64, .height = 48}) + Canvas(1, 1)));
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->image.width, 64);
  EXPECT_EQ(header->image.height, 48);
}

TEST(WebpHeader, MayNotHaveAFrameThatIsTooShort) {
  EXPECT_THAT(Read(WebpFile(Canvas(32, 32) + WebpChunk("ANMF", std::string(15, '\0')))),
              IsError(kInvalid, kDamaged, "a first frame that is too short"));
}

TEST(WebpHeader, MustHavePixels) {
  EXPECT_THAT(Read(WebpFile(Canvas(32, 32) + WebpChunk("EXIF", ExifBlock(1)))),
              IsError(kInvalid, kDamaged, "the WebP has no pixels"));
}

TEST(WebpHeader, SaysHowManyBytesAreMissing) {
  EXPECT_THAT(Read(absl::StrCat("RIFF", Little(5000, 4), "WEBPVP8 ")),
              IsError(kInvalid, kDamaged, "the WebP has 16 of its 5,008 bytes"));
}

TEST(WebpHeader, MayNotClaimToBeShorterThanItself) {
  EXPECT_THAT(Read(absl::StrCat("RIFF", Little(0, 4), "WEBPVP8 ")),
              IsError(kInvalid, kDamaged, "WebP"));
}

TEST(WebpHeader, MayNotPromiseAChunkLargerThanTheFile) {
  EXPECT_THAT(Read(WebpFile("VP8 \xff\xff\xff\xff" + std::string(16, 'x'))),
              IsError(kInvalid, kDamaged, "the WebP has no pixels"));
}

TEST(CutOff, WebpIsRefusedAnywhere) {
  EXPECT_THAT(LengthsThatDraw(QuarteredImage(".webp", 16, 16)), IsEmpty());
}

}  // namespace
}  // namespace quire::render
