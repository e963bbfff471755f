#include "worker/render/clean_up.h"

#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <utility>
#include <vector>

namespace quire::render {
namespace {

namespace api = quire::v1;

constexpr int kWidth = 600;
constexpr int kHeight = 800;

// Lines of print, as bars with gaps, that slope by `degrees` clockwise.
cv::Mat Print(double degrees, int ink = 0, int paper = 255) {
  cv::Mat page(kHeight, kWidth, CV_8UC3, cv::Scalar::all(paper));
  for (int y = 150; y < 650; y += 24) {
    for (int x = 100; x < 480; x += 40) {
      cv::rectangle(page, {x, y, 30, 10}, cv::Scalar::all(ink), cv::FILLED);
    }
  }
  const cv::Mat turn = cv::getRotationMatrix2D({kWidth / 2.0F, kHeight / 2.0F}, -degrees, 1);
  cv::Mat turned;
  cv::warpAffine(page, turned, turn, page.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT,
                 cv::Scalar::all(paper));
  return turned;
}

CleanedPage Clean(cv::Mat& page, std::vector<api::CleanUp> clean_ups) {
  const auto cleaned = CleanPage(clean_ups, {page.data, page.total() * 3}, page.cols, page.rows);
  EXPECT_TRUE(cleaned.ok()) << cleaned.status();
  return cleaned.value_or(CleanedPage());
}

TEST(Deskew, MakesLinesLevel) {
  for (const double slope : {-7.3, -0.8, 0.5, 3.0, 12.0}) {
    cv::Mat page = Print(slope);
    EXPECT_NEAR(Clean(page, {api::CLEAN_UP_DESKEW}).deskewed_degrees, -slope, 0.15) << slope;
    EXPECT_NEAR(Clean(page, {api::CLEAN_UP_DESKEW}).deskewed_degrees, 0, 0.15) << slope;
  }
}

TEST(Deskew, LeavesALevelPageAsItIs) {
  cv::Mat page = Print(0);
  const cv::Mat before = page.clone();
  EXPECT_EQ(Clean(page, {api::CLEAN_UP_DESKEW}).deskewed_degrees, 0);
  EXPECT_EQ(cv::norm(page, before, cv::NORM_INF), 0);
}

TEST(Deskew, LeavesAnEmptySheetAsItIs) {
  cv::Mat page(kHeight, kWidth, CV_8UC3, cv::Scalar::all(255));
  EXPECT_EQ(Clean(page, {api::CLEAN_UP_DESKEW}).deskewed_degrees, 0);
}

TEST(Background, TakesAShadowAway) {
  cv::Mat page = Print(0);
  for (int x = 0; x < kWidth; ++x) page.col(x) *= 0.4 + 0.6 * x / kWidth;  // dark on the left
  const cv::Rect paper(30, 700, 500, 60);
  ASSERT_LT(cv::mean(page(paper))[0], 200);

  Clean(page, {api::CLEAN_UP_BACKGROUND});

  double darkest = 0;
  cv::minMaxLoc(page(paper).clone().reshape(1), &darkest, nullptr);
  EXPECT_GT(darkest, 235);
  EXPECT_LT(page.at<cv::Vec3b>(155, 115)[0], 20);  // print
}

TEST(Contrast, SpreadsPalePrint) {
  cv::Mat page = Print(0, /*ink=*/150, /*paper=*/200);
  Clean(page, {api::CLEAN_UP_CONTRAST});
  EXPECT_LT(page.at<cv::Vec3b>(155, 115)[0], 10);
  EXPECT_GT(page.at<cv::Vec3b>(50, 50)[0], 245);
}

TEST(Contrast, LeavesAnEmptySheetAsItIs) {
  cv::Mat page(kHeight, kWidth, CV_8UC3, cv::Scalar::all(190));
  Clean(page, {api::CLEAN_UP_CONTRAST});
  EXPECT_EQ(page.at<cv::Vec3b>(50, 50)[0], 190);
}

TEST(CleanUp, TakesPagesOfAnySize) {
  for (const auto& [width, height] :
       {std::pair(1, 1), std::pair(1, 300), std::pair(300, 1), std::pair(2, 2), std::pair(17, 5)}) {
    cv::Mat page(height, width, CV_8UC3, cv::Scalar::all(90));
    page.at<cv::Vec3b>(0, 0) = {0, 0, 0};
    Clean(page, {api::CLEAN_UP_CONTRAST, api::CLEAN_UP_BACKGROUND, api::CLEAN_UP_DESKEW});
  }
}

}  // namespace
}  // namespace quire::render
