#pragma once

#include <span>

#include "absl/status/statusor.h"
#include "quire/v1/ocr.pb.h"
#include "worker/render/document.h"

namespace quire::render {

// What was done to a page's image.
struct CleanedPage {
  double deskewed_degrees = 0;  // that it was turned by, clockwise
};

// Cleans a page's image in place; its size stays. Each of `clean_ups` is done once, in this order:
//   DESKEW      finds the slope of its lines of text, to 0.1 degrees and at most 15, and turns it
//   level;
//               corners that come in are white
//   BACKGROUND  divides it by its paper, which is what is left of it without anything thinner than
//   a
//               60th of its shorter side
//   CONTRAST    spreads brightness so that the darkest 1 % is black and the lightest half is white
// ResourceExhausted (RENDER_MEMORY).
//   canvas  width * height pixels, as Document::Draw leaves them
absl::StatusOr<CleanedPage> CleanPage(std::span<const quire::v1::CleanUp> clean_ups, Canvas canvas,
                                      int width_px, int height_px);

// Runs every clean-up once, so that OpenCV loads what it needs. Before the sandbox is entered.
void WarmUpCleanUp();

}  // namespace quire::render
