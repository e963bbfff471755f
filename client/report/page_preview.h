#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace quire::client {

// A page's image, made small.
struct PagePreview {
  std::string jpeg;
  int width_px = 0;
  int height_px = 0;
};

// Makes a JPEG of at most `long_side_px` on its longer side of a PNG. DataLoss for what is no PNG,
// ResourceExhausted when memory is short.
absl::StatusOr<PagePreview> MakePagePreview(std::string_view png, int long_side_px);

}  // namespace quire::client
