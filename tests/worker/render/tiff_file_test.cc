#include "worker/render/tiff_file.h"

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

// An entry of a little-endian directory.
std::string Entry(int tag, int type, uint32_t value) {
  return absl::StrCat(Little(tag, 2), Little(type, 2), Little(1, 4), Little(value, 4));
}

// A TIFF of one directory, at byte 8, and what follows it.
std::string RawTiff(const std::vector<std::string>& entries, uint32_t next_directory = 0) {
  std::string file = absl::StrCat("II*\0"s, Little(8, 4), Little(entries.size(), 2));
  for (const std::string& entry : entries) file += entry;
  return absl::StrCat(file, Little(next_directory, 4), std::string(64, '\0'));
}

// Grey, 8 bits, one strip at byte 8.
std::vector<std::string> GreyEntries(uint32_t width, uint32_t height, uint32_t samples = 1) {
  return {Entry(256, 4, width),   Entry(257, 4, height), Entry(258, 3, 8),
          Entry(259, 3, 1),       Entry(262, 3, 1),      Entry(273, 4, 8),
          Entry(277, 3, samples), Entry(278, 4, height), Entry(279, 4, width * height)};
}

TEST(TiffFile, IsReadWhenItIsMadeByHand) {
  const auto page = DrawPage(RawTiff(GreyEntries(4, 4)));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->At(1, 0), kBlack);
}

TEST(TiffFile, CountsNoMasks) {
  TestDocument tiff(MakeTiff({{.mask = true}, {}, {}}));
  ASSERT_TRUE(tiff.status().ok()) << tiff.status();
  EXPECT_EQ(tiff.document().pages(), 2);
}

TEST(TiffFile, DrawsThePagesBetweenThumbnails) {
  TestDocument tiff(MakeTiff({{.pixel = {1, 1, 1}, .thumbnail = true},
                              {.pixel = {255, 0, 0}},
                              {.pixel = {2, 2, 2}, .thumbnail = true},
                              {.pixel = {0, 0, 255}}}));
  EXPECT_EQ(tiff.Draw(1)->At(0, 0), kBlue);
  EXPECT_EQ(tiff.Draw(0)->At(0, 0), kRed);
}

TEST(TiffFile, LosesADamagedPageAlone) {
  const MadeTiffPage page{.width = 300, .height = 200, .picture = QuarteredRgb(300, 200)};
  std::string bytes = MakeTiff({page, page, page});
  const size_t second = MakeTiff({page}).size();
  bytes.replace(second + 8, 32, std::string(32, '\xff'));  // in its first strip
  TestDocument tiff(bytes);
  EXPECT_TRUE(tiff.Draw(0).ok());
  EXPECT_THAT(
      tiff.Draw(1),
      IsError(kInvalid, kDamaged, "the TIFF's page 2 cannot be decoded from row 0 on (libtiff: "));
  EXPECT_TRUE(tiff.Draw(2).ok());
}

TEST(TiffFile, HasNoPageBeyondItsLast) {
  EXPECT_THAT(
      DrawPage(MakeTiff({{}, {}}), 2),
      IsError(kInvalid, "PAGE_OUT_OF_RANGE", "page 3 is not there; the document has 2 pages"));
}

TEST(TiffFile, EndsWhenItsDirectoriesGoRound) {
  EXPECT_THAT(TestDocument(RawTiff(GreyEntries(4, 4), 8)).status(),
              IsError(kInvalid, kDamaged, "page 2 cannot be found"));
}

TEST(TiffFile, ThumbnailsAreLimitedToo) {
  EXPECT_THAT(
      TestDocument(MakeTiff({{.thumbnail = true}, {.thumbnail = true}, {}}), {.max_pages = 1})
          .status(),
      IsError(kInvalid, "TOO_MANY_PAGES", "more than 1 page"));
}

TEST(TiffFile, NeedsADirectory) {
  EXPECT_THAT(TestDocument("II*\0\xff\xff\xff\x7f"s).status(),
              IsError(kInvalid, kDamaged, "the TIFF's page 1 cannot be read (libtiff: "));
}

TEST(TiffFile, IsTooLargeByItsHeader) {
  EXPECT_THAT(TestDocument(RawTiff(GreyEntries(60'000, 50'000))).status(),
              IsError(kInvalid, "IMAGE_TOO_LARGE", "60,000 x 50,000 px (3000 megapixels)"));
  EXPECT_FALSE(TestDocument(RawTiff(GreyEntries(0xffffffff, 0xffffffff))).status().ok());
}

TEST(TiffFile, WithoutPixelsIsDamaged) {
  EXPECT_THAT(DrawPage(RawTiff(GreyEntries(0, 4))), IsError(kInvalid, kDamaged, ""));
}

TEST(TiffFile, WithMoreSamplesThanBytesIsDamaged) {
  EXPECT_THAT(DrawPage(RawTiff(GreyEntries(1000, 1000, 5000))), IsError(kInvalid, kDamaged, ""));
}

TEST(TiffFile, WithTilesOfUnsoundSizeIsDamaged) {
  std::vector<std::string> entries = GreyEntries(64, 64);
  entries.insert(entries.end(), {Entry(322, 4, 0x40000000), Entry(323, 4, 16), Entry(324, 4, 8),
                                 Entry(325, 4, 64)});
  EXPECT_THAT(DrawPage(RawTiff(entries)), IsError(kInvalid, kDamaged, ""));
}

TEST(CutOff, TiffIsRefusedAnywhere) {
  EXPECT_THAT(LengthsThatDraw(MakeTiff({{.width = 8, .height = 8, .picture = QuarteredRgb(8, 8)}})),
              IsEmpty());
}

}  // namespace
}  // namespace quire::render
