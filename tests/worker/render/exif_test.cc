#include "worker/render/exif.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/worker/render/made_images.h"
#include "tests/worker/render/raw_images.h"

namespace quire::render {
namespace {

using ::testing::Each;
using std::string_literals::operator""s;

int OrientationOf(const std::string& block) {
  const std::vector<uint8_t> exact(block.begin(), block.end());
  return ExifOrientation(exact);
}

// An entry of an EXIF directory, little-endian.
std::string Entry(int tag, int type, uint32_t value) {
  return absl::StrCat(Little(tag, 2), Little(type, 2), Little(1, 4), Little(value, 4));
}

std::string Directory(const std::vector<std::string>& entries) {
  std::string block = absl::StrCat("II", Little(42, 2), Little(8, 4), Little(entries.size(), 2));
  for (const std::string& entry : entries) block += entry;
  return block + Little(0, 4);
}

class Orientation : public testing::TestWithParam<int> {};

TEST_P(Orientation, IsReadLittleEndian) {
  EXPECT_EQ(OrientationOf(ExifBlock(GetParam(), "II")), GetParam());
}

TEST_P(Orientation, IsReadBigEndian) {
  EXPECT_EQ(OrientationOf(ExifBlock(GetParam(), "MM")), GetParam());
}

INSTANTIATE_TEST_SUITE_P(All, Orientation, testing::Range(1, 9));

TEST(ExifOrientation, SkipsTheNameOfTheBlock) {
  EXPECT_EQ(OrientationOf("Exif\0\0"s + ExifBlock(6)), 6);
}

TEST(ExifOrientation, IsFoundBehindOtherTags) {
  EXPECT_EQ(OrientationOf(Directory({Entry(0x010f, 2, 7), Entry(0x0110, 3, 5), Entry(0x0112, 3, 8),
                                     Entry(0x0131, 3, 2)})),
            8);
}

TEST(ExifOrientation, IsOneWithoutTheTag) {
  EXPECT_EQ(OrientationOf(Directory({Entry(0x0110, 3, 5)})), 1);
}

TEST(ExifOrientation, IsOneForAValueThatIsNone) {
  EXPECT_EQ(OrientationOf(ExifBlock(0)), 1);
  EXPECT_EQ(OrientationOf(ExifBlock(9)), 1);
}

TEST(ExifOrientation, IsOneForAnotherType) {
  EXPECT_EQ(OrientationOf(Directory({Entry(0x0112, 4, 6)})), 1);
}

TEST(ExifOrientation, IsOneForADirectoryBeyondTheEnd) {
  EXPECT_EQ(OrientationOf(absl::StrCat("II", Little(42, 2), Little(0xffffffff, 4), Little(1, 2))),
            1);
}

TEST(ExifOrientation, IsOneForAnUnknownByteOrder) {
  EXPECT_EQ(OrientationOf("XX" + ExifBlock(6).substr(2)), 1);
}

TEST(ExifOrientation, IsOneWhenTheBlockIsCutOffAnywhere) {
  const std::string block = Directory({Entry(0x0110, 3, 5), Entry(0x0112, 3, 8)});
  const size_t end_of_tag = block.size() - 4;
  std::vector<int> found;
  for (size_t length = 0; length < end_of_tag; ++length) {
    found.push_back(OrientationOf(block.substr(0, length)));
  }
  EXPECT_THAT(found, Each(1));
}

}  // namespace
}  // namespace quire::render
