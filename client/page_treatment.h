#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "quire/v1/ocr.pb.h"

namespace quire::client {

// What is done with pages before they are read, as flags say it.
struct PageTreatment {
  std::string text_layer;  // --text-layer: use, compare, ignore; the same as ignore when empty
  std::string orient;      // --orient: auto, none; the same as none when empty
  std::vector<std::string> clean_ups;  // --clean: deskew, background, contrast
  std::string frames;                  // --frames: every=2s, scene, count=20; none when empty
};

// Puts them into a request. InvalidArgument, with kExitUsage, names the flag, its value and what is
// possible.
absl::Status SetTreatment(const PageTreatment& treatment, v1::RecognizeOptions& options);

}  // namespace quire::client
