#include "worker/render/clean_up.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <new>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "worker/render/image_codec.h"

namespace quire::render {
namespace {

namespace api = quire::v1;

constexpr double kMostSlope = 15;        // degrees
constexpr double kCoarseStep = 1;        // degrees
constexpr double kFineStep = 0.1;        // degrees
constexpr int kLongSideForSlope = 1000;  // pixels that the slope is looked for at

// Ink of a page as 255 on 0, small enough to look at from many angles.
cv::Mat SmallInk(const cv::Mat& page) {
  cv::Mat grey;
  cv::cvtColor(page, grey, cv::COLOR_RGB2GRAY);
  const double scale = static_cast<double>(kLongSideForSlope) / std::max(grey.cols, grey.rows);
  if (scale < 1) cv::resize(grey, grey, {}, scale, scale, cv::INTER_AREA);
  cv::Mat ink;
  const int block =
      std::max(3, std::min(grey.cols, grey.rows) / 20) | 1;  // odd, as OpenCV wants it
  cv::adaptiveThreshold(grey, ink, 255, cv::ADAPTIVE_THRESH_MEAN_C, cv::THRESH_BINARY_INV, block,
                        15);
  return ink;
}

cv::Mat Turned(const cv::Mat& image, double degrees_clockwise, int interpolation,
               const cv::Scalar& corners) {
  const cv::Point2f middle((image.cols - 1) / 2.0F, (image.rows - 1) / 2.0F);
  const cv::Mat turn = cv::getRotationMatrix2D(middle, -degrees_clockwise, 1);
  cv::Mat turned;
  cv::warpAffine(image, turned, turn, image.size(), interpolation, cv::BORDER_CONSTANT, corners);
  return turned;
}

// How much the ink gathers in rows: the sum of squared differences between neighbouring rows' ink.
// Source: the projection profile of W. Postl, "Detection of linear oblique structures and skew scan
// in digitized documents", ICPR 1986.
double RowContrast(const cv::Mat& ink, double degrees_clockwise) {
  cv::Mat rows;
  cv::reduce(Turned(ink, degrees_clockwise, cv::INTER_NEAREST, cv::Scalar(0)), rows, 1,
             cv::REDUCE_SUM, CV_64F);
  const cv::Mat steps = rows.rowRange(1, rows.rows) - rows.rowRange(0, rows.rows - 1);
  return steps.dot(steps);
}

double BestAngle(const cv::Mat& ink, double from, double to, double step) {
  double best = (from + to) / 2;
  double most = RowContrast(ink, best);
  for (double degrees = from; degrees <= to + step / 2; degrees += step) {
    const double contrast = RowContrast(ink, degrees);
    if (contrast > most) {
      most = contrast;
      best = degrees;
    }
  }
  return best;
}

double Deskew(cv::Mat& page) {
  const cv::Mat ink = SmallInk(page);
  if (ink.rows < 2 || cv::countNonZero(ink) == 0) return 0;
  const double coarse = BestAngle(ink, -kMostSlope, kMostSlope, kCoarseStep);
  const double best = BestAngle(ink, coarse - kCoarseStep, coarse + kCoarseStep, kFineStep);
  const double degrees =
      std::clamp(std::round(best / kFineStep) * kFineStep, -kMostSlope, kMostSlope);
  if (std::abs(degrees) < kFineStep) return 0;
  Turned(page, degrees, cv::INTER_CUBIC, cv::Scalar::all(255)).copyTo(page);
  return degrees;
}

void WhitenBackground(cv::Mat& page) {
  const int side = std::max(15, std::min(page.cols, page.rows) / 60) | 1;
  const cv::Mat kernel = cv::getStructuringElement(cv::MORPH_ELLIPSE, {side, side});
  cv::Mat paper;
  cv::dilate(page, paper, kernel);
  cv::GaussianBlur(paper, paper, {side * 2 + 1, side * 2 + 1}, 0);
  cv::divide(page, paper, page, 255);
}

// The brightness below which `share` of the pixels lie.
int Quantile(const cv::Mat& grey, double share) {
  std::array<int64_t, 256> counts{};
  for (int y = 0; y < grey.rows; ++y) {
    const uint8_t* const row = grey.ptr<uint8_t>(y);
    for (int x = 0; x < grey.cols; ++x) ++counts[row[x]];
  }
  const auto wanted = static_cast<int64_t>(share * static_cast<double>(grey.total()));
  int64_t below = 0;
  for (int value = 0; value < 256; ++value) {
    below += counts[value];
    if (below > wanted) return value;
  }
  return 255;
}

void SpreadContrast(cv::Mat& page) {
  cv::Mat grey;
  cv::cvtColor(page, grey, cv::COLOR_RGB2GRAY);
  const int black = Quantile(grey, 0.01);
  const int white = Quantile(grey, 0.5);
  if (white - black < 8) return;  // a blank sheet
  const double gain = 255.0 / (white - black);
  page.convertTo(page, -1, gain, -black * gain);
}

bool Has(std::span<const api::CleanUp> clean_ups, api::CleanUp wanted) {
  return std::find(clean_ups.begin(), clean_ups.end(), wanted) != clean_ups.end();
}

}  // namespace

absl::StatusOr<CleanedPage> CleanPage(std::span<const api::CleanUp> clean_ups, Canvas canvas,
                                      int width_px, int height_px) {
  CleanedPage cleaned;
  try {
    cv::Mat page(height_px, width_px, CV_8UC3, canvas.data);
    if (Has(clean_ups, api::CLEAN_UP_DESKEW)) cleaned.deskewed_degrees = Deskew(page);
    if (Has(clean_ups, api::CLEAN_UP_BACKGROUND)) WhitenBackground(page);
    if (Has(clean_ups, api::CLEAN_UP_CONTRAST)) SpreadContrast(page);
    return cleaned;
  } catch (const std::bad_alloc&) {
    return OutOfRenderMemory("cleaning up the page");
  } catch (const cv::Exception& error) {
    if (error.code == cv::Error::StsNoMem) return OutOfRenderMemory("cleaning up the page");
    return absl::InternalError("the page's image could not be cleaned up");
  }
}

void WarmUpCleanUp() {
  std::vector<uint8_t> pixels(size_t{64} * 64 * 3, 200);
  for (int i = 0; i < 64 * 3; ++i) pixels[i] = pixels[32 * 64 * 3 + i] = 0;
  const api::CleanUp all[] = {api::CLEAN_UP_DESKEW, api::CLEAN_UP_BACKGROUND,
                              api::CLEAN_UP_CONTRAST};
  (void)CleanPage(all, {pixels.data(), pixels.size()}, 64, 64);
}

}  // namespace quire::render
