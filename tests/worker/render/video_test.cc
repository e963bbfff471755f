#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <opencv2/core.hpp>
#include <opencv2/videoio.hpp>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "proto/rich_status.h"
#include "tests/worker/render/drawn_page.h"
#include "worker/render/document.h"

namespace quire::render {
namespace {

using ::testing::HasSubstr;

constexpr double kFps = 10;

// 4 s: a second of red, two of green, one of blue.
std::string MakeVideo(const std::string& ending, const char* codec) {
  const std::string path =
      (std::filesystem::temp_directory_path() / absl::StrCat("quire-video-", getpid(), ending))
          .string();
  cv::VideoWriter writer(path, cv::VideoWriter::fourcc(codec[0], codec[1], codec[2], codec[3]),
                         kFps, {64, 48});
  EXPECT_TRUE(writer.isOpened()) << ending;
  for (int i = 0; i < 40; ++i) {
    const cv::Scalar colour = i < 10   ? cv::Scalar(0, 0, 255)
                              : i < 30 ? cv::Scalar(0, 255, 0)
                                       : cv::Scalar(255, 0, 0);
    writer.write(cv::Mat(48, 64, CV_8UC3, colour));
  }
  writer.release();
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::filesystem::remove(path);
  return bytes;
}

const std::string& Video() {
  static const std::string video = MakeVideo(".avi", "MJPG");
  return video;
}

absl::StatusOr<std::unique_ptr<Document>> Open(const std::string& bytes,
                                               const quire::v1::FrameChoice& frames,
                                               DocumentLimits limits = {}) {
  limits.frames = frames;
  return OpenDocument({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, "", limits);
}

quire::v1::FrameChoice Every(double seconds) {
  quire::v1::FrameChoice frames;
  frames.set_every_seconds(seconds);
  return frames;
}
quire::v1::FrameChoice Count(int count) {
  quire::v1::FrameChoice frames;
  frames.set_count(count);
  return frames;
}
quire::v1::FrameChoice Scenes() {
  quire::v1::FrameChoice frames;
  frames.set_scenes(true);
  return frames;
}

// "r", "g" or "b", and when the frame stands.
struct Frame {
  char colour = '?';
  double seconds = 0;
};
Frame FrameOf(Document& document, int page_index) {
  std::vector<uint8_t> canvas(64 * 48 * 3);
  const auto page = document.Draw(page_index, {.dpi = 72}, {canvas.data(), canvas.size()});
  EXPECT_TRUE(page.ok()) << page.status();
  if (!page.ok()) return {};
  EXPECT_EQ(page->width_px, 64);
  EXPECT_EQ(page->height_px, 48);
  const uint8_t* pixel = canvas.data() + (24 * 64 + 32) * 3;
  const char colour = pixel[0] > 200                     ? 'r'
                      : pixel[1] > 100 && pixel[2] < 100 ? 'g'
                      : pixel[2] > 200                   ? 'b'
                                                         : '?';
  return {colour, page->frame_seconds};
}
std::string Colours(Document& document) {
  std::string colours;
  for (int i = 0; i < document.pages(); ++i) colours += FrameOf(document, i).colour;
  return colours;
}

TEST(Video, GivesAFrameEverySecond) {
  const auto video = Open(Video(), Every(1));
  ASSERT_TRUE(video.ok()) << video.status();
  EXPECT_EQ((*video)->format(), quire::v1::DOCUMENT_FORMAT_VIDEO);
  EXPECT_EQ(Colours(**video).substr(0, 4), "rggb");
  EXPECT_NEAR(FrameOf(**video, 2).seconds, 2, 0.06);
}

TEST(Video, GivesSoManyFrames) {
  const auto video = Open(Video(), Count(8));
  ASSERT_TRUE(video.ok()) << video.status();
  EXPECT_EQ(Colours(**video), "rrggggbb");
}

TEST(Video, FindsScenes) {
  const auto video = Open(Video(), Scenes());
  ASSERT_TRUE(video.ok()) << video.status();
  EXPECT_EQ(Colours(**video), "rgb");
  EXPECT_NEAR(FrameOf(**video, 1).seconds, 1, 0.06);
}

TEST(Video, GoesBackAndForth) {
  const auto video = Open(Video(), Every(1));
  EXPECT_EQ(FrameOf(**video, 3).colour, 'b');
  EXPECT_EQ(FrameOf(**video, 0).colour, 'r');
  EXPECT_EQ(FrameOf(**video, 1).colour, 'g');
}

// Its index stands at its end, and frames are coded by their differences.
TEST(Video, IsReadFromMp4) {
  const auto video = Open(MakeVideo(".mp4", "mp4v"), Count(4));
  ASSERT_TRUE(video.ok()) << video.status();
  EXPECT_EQ(Colours(**video), "rggb");
}

TEST(Video, IsRefusedWhereNoFramesAreNamed) {
  const auto video = Open(Video(), {});
  EXPECT_EQ(ReasonOf(video.status()), "UNSUPPORTED_FORMAT");
  EXPECT_THAT(std::string(video.status().message()), HasSubstr("--frames every=2s"));
}

TEST(Video, IsRefusedWithTooManyFrames) {
  const auto video = Open(Video(), Every(0.1), {.max_pages = 10});
  EXPECT_EQ(ReasonOf(video.status()), "TOO_MANY_PAGES");
  EXPECT_EQ(ReasonOf(Open(Video(), Scenes(), {.max_pages = 2}).status()), "TOO_MANY_PAGES");
}

TEST(Video, IsRefusedWhenItsFramesAreTooLarge) {
  EXPECT_EQ(ReasonOf(Open(Video(), Count(1), {.max_page_pixels = 1000}).status()),
            "IMAGE_TOO_LARGE");
}

TEST(Video, IsRefusedWhenDamaged) {
  EXPECT_EQ(ReasonOf(Open("RIFF\x10\x20\x30\x40"
                          "AVI LIST and nothing more",
                          Count(1))
                         .status()),
            "VIDEO_DAMAGED");
  EXPECT_EQ(ReasonOf(Open(Video().substr(0, 100), Count(1)).status()), "VIDEO_DAMAGED");
}

TEST(Video, EndsWithWhatThereIsOfACutFile) {
  const auto video = Open(Video().substr(0, Video().size() / 2), Every(1));
  ASSERT_TRUE(video.ok()) << video.status();
  EXPECT_EQ(FrameOf(**video, 0).colour, 'r');
}

}  // namespace
}  // namespace quire::render
