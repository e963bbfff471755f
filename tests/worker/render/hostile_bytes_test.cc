// Files with a few wrong bytes: each is drawn or refused, and nothing is written beyond the canvas.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "tests/support/pdf_maker.h"
#include "tests/worker/render/made_images.h"
#include "tests/worker/render/raw_images.h"
#include "worker/render/image_codec.h"
#include "worker/render/pdf_renderer.h"

namespace quire::render {
namespace {

using ::testing::IsEmpty;

constexpr int kTries = 300;
constexpr size_t kWrongBytes = 4;

struct Victim {
  std::string name;
  std::function<std::string()> make;
};
void PrintTo(const Victim& victim, std::ostream* out) { *out << victim.name; }

class HostileBytes : public testing::TestWithParam<Victim> {
 protected:
  static void SetUpTestSuite() {
    WarmUpPdf();
    WarmUpImageCodec();
  }
};

// Errors that no document may cause.
std::vector<std::string> FaultsOf(const std::string& whole) {
  std::mt19937 random(7);
  std::vector<std::string> faults;
  for (int i = 0; i < kTries; ++i) {
    std::string bytes = whole;
    for (size_t k = 0; k <= random() % kWrongBytes; ++k) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    const absl::Status status =
        DrawPage(bytes, 0, {.dpi = 72}, {.max_page_pixels = 1 << 20}).status();
    if (!status.ok() && ReasonOf(status).empty()) faults.push_back(status.ToString());
  }
  return faults;
}

TEST_P(HostileBytes, AreDrawnOrRefused) { EXPECT_THAT(FaultsOf(GetParam().make()), IsEmpty()); }

INSTANTIATE_TEST_SUITE_P(
    Files, HostileBytes,
    testing::Values(
        Victim{"Png", [] { return QuarteredImage(".png"); }},
        Victim{"PngWithEverything",
               [] {
                 return MakePng({.width = 4,
                                 .height = 2,
                                 .depth = 4,
                                 .colour_type = 0,
                                 .chunks = {{"eXIf", ExifBlock(7)}, {"tRNS", "\1\2"}},
                                 .rows = "abcd"});
               }},
        Victim{"Jpeg", [] { return WithOrientation(QuarteredImage(".jpg"), 5); }},
        Victim{"Bmp", [] { return QuarteredImage(".bmp"); }},
        Victim{"BmpWithMasks",
               [] {
                 return MakeBmp({.width = 2,
                                 .height = 1,
                                 .depth = 32,
                                 .header_bytes = 108,
                                 .compression = 3,
                                 .masks = {0xff0000, 0xff00, 0xff, 0xff000000},
                                 .rows = "abcdefgh"});
               }},
        Victim{"Webp", [] { return QuarteredImage(".webp"); }},
        Victim{"WebpAnimation",
               [] {
                 return WebpFile(
                     WebpCanvas(40, 20, 2) + WebpChunk("ANIM", "abcdef") +
                     WebpFrame({.width = 40, .height = 20}, ChunksOf(QuarteredImage(".webp"))) +
                     WebpChunk("EXIF", ExifBlock(6)));
               }},
        Victim{"Tiff", [] { return MakeTiff({{.picture = QuarteredRgb()}, {}}); }},
        Victim{"TiffInPlanes", [] { return MakeTiff({{.tile = 16, .planar = true}}); }},
        Victim{"TiffInTiles",
               [] { return MakeTiff({{.tile = 16, .orientation = 6, .compression = 1}}); }},
        Victim{"TiffWithPalette", [] { return MakeTiff({{.photometric = 3, .pixel = {9}}}); }},
        Victim{"Pdf", [] { return MakePdf(2); }}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace quire::render
