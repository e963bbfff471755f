#include "worker/render/image_codec.h"

#include <new>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proto/rich_status.h"
#include "worker/render/image_header.h"

namespace quire::render {
namespace {

DecodedImage Describe(cv::Mat pixels) {
  DecodedImage image{.width = pixels.cols, .height = pixels.rows, .row_bytes = pixels.step};
  PixelLayout& layout = image.layout;
  layout.samples = pixels.channels();
  layout.colours = layout.samples < 3 ? Colours::kGrey : Colours::kBgr;
  layout.sixteen = pixels.depth() == CV_16U;
  if (layout.samples == 4) {
    layout.alpha = Alpha::kStraight;
    layout.alpha_index = 3;
  }
  const auto owner = std::make_shared<cv::Mat>(std::move(pixels));
  image.rows = std::shared_ptr<const uint8_t>(owner, owner->data);
  return image;
}

cv::Mat Decode(Bytes file, bool keep_alpha) {
  const cv::Mat input(1, static_cast<int>(file.size()), CV_8UC1, const_cast<uint8_t*>(file.data()));
  // UNCHANGED ignores the orientation too.
  return cv::imdecode(
      input, keep_alpha ? cv::IMREAD_UNCHANGED : cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
}

}  // namespace

absl::Status OutOfRenderMemory(std::string_view what) {
  return MakeError(absl::StatusCode::kResourceExhausted, "RENDER_MEMORY",
                   absl::StrCat(std::string(what),
                                " needs more memory than a renderer may use: make it smaller or "
                                "raise --render-memory-megabytes"));
}

absl::StatusOr<DecodedImage> DecodeImage(Bytes file, std::string_view format, bool keep_alpha) {
  const std::string subject = absl::StrCat("the ", std::string(format));
  try {
    cv::Mat pixels = Decode(file, keep_alpha);
    if (pixels.empty()) return ImageDamaged(format, "cannot be decoded");
    if (pixels.depth() != CV_8U && pixels.depth() != CV_16U) {
      return ImageDamaged(format, "has samples that are neither 8 nor 16 bits");
    }
    return Describe(std::move(pixels));
  } catch (const std::bad_alloc&) {
    return OutOfRenderMemory(subject);
  } catch (const cv::Exception& error) {
    if (error.code == cv::Error::StsNoMem) return OutOfRenderMemory(subject);
    return ImageDamaged(format, "cannot be decoded");
  }
}

absl::StatusOr<std::string> EncodePng(const worker::PixelView& pixels) {
  try {
    const cv::Mat rgb(pixels.height, pixels.width, CV_8UC3, const_cast<uint8_t*>(pixels.data));
    cv::Mat bgr;
    cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
    std::vector<uint8_t> png;
    cv::imencode(".png", bgr, png);
    return std::string(png.begin(), png.end());
  } catch (const std::bad_alloc&) {
    return OutOfRenderMemory("the page's PNG");
  } catch (const cv::Exception& error) {
    if (error.code == cv::Error::StsNoMem) return OutOfRenderMemory("the page's PNG");
    return absl::InternalError("the page could not be encoded as PNG");
  }
}

void WarmUpImageCodec() {
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  cv::setNumThreads(1);
  const cv::Mat image(16, 16, CV_8UC3, cv::Scalar(1, 2, 3));
  for (const char* extension : {".png", ".jpg", ".webp", ".bmp"}) {
    std::vector<uint8_t> encoded;
    if (cv::imencode(extension, image, encoded)) (void)cv::imdecode(encoded, cv::IMREAD_UNCHANGED);
  }
  cv::Mat converted;
  cv::cvtColor(image, converted, cv::COLOR_RGB2BGR);
}

}  // namespace quire::render
