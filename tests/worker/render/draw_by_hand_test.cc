// quire-render as a person calls it: FILE --png OUT, with the whole sandbox or not at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "server/child_process.h"
#include "tests/support/pdf_maker.h"
#include "tests/worker/render/made_images.h"
#include "worker/render/config.h"

namespace quire::render {
namespace {

class DrawByHand : public testing::Test {
 protected:
  DrawByHand() {
    std::string folder = testing::TempDir() + "/quire-render-XXXXXX";
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  ~DrawByHand() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }
  std::string png() const { return folder_ / "page.png"; }
  std::string ReadPng() const {
    std::ifstream file(png(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Its exit code, or minus the signal that ended it.
  static int Run(std::vector<std::string> arguments) {
    auto child =
        server::ChildProcess::Start({.program = std::string(QUIRE_BINARIES) + "/quire-render",
                                     .arguments = std::move(arguments)});
    EXPECT_TRUE(child.ok()) << child.status();
    const auto end = child->WaitUntil(std::chrono::steady_clock::now() + std::chrono::seconds(30));
    EXPECT_TRUE(end.has_value());
    return !end.has_value() ? 1000 : end->signal != 0 ? -end->signal : end->code;
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(DrawByHand, APageOfAPdfInTheWholeSandbox) {
  const std::string pdf = Write("in.pdf", Fixture("pdf/five_pages.pdf"));
  EXPECT_EQ(Run({pdf, "--png", png(), "--page=2", "--long-side=640", "--sandbox=required"}),
            kExitOk);
  const auto page = DrawPage(ReadPng());
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->page.height_px, 640);
  EXPECT_GT(page->DarkPixels(), 1'000);
}

TEST_F(DrawByHand, AnImageInItsColours) {
  const std::string jpeg = Write("in.jpg", WithOrientation(QuarteredImage(".jpg", 64, 32), 6));
  EXPECT_EQ(Run({jpeg, "--png", png(), "--sandbox=required"}), kExitOk);
  const auto page = DrawPage(ReadPng());
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->Quarters(), "BRWG");
}

TEST_F(DrawByHand, AtAResolution) {
  const std::string pdf = Write("in.pdf", MakePdf(1));
  EXPECT_EQ(Run({pdf, "--png", png(), "--dpi=36"}), kExitOk);
  EXPECT_EQ(DrawPage(ReadPng())->page.width_px, 100);
}

TEST_F(DrawByHand, WithoutASandbox) {
  const std::string pdf = Write("in.pdf", MakePdf(1));
  EXPECT_EQ(Run({pdf, "--png", png(), "--sandbox=off"}), kExitOk);
}

TEST_F(DrawByHand, FailsWhenTheDocumentIsDamaged) {
  const std::string pdf = Write("in.pdf", "%PDF-1.7\nno PDF");
  EXPECT_EQ(Run({pdf, "--png", png()}), kExitFailed);
}

TEST_F(DrawByHand, FailsWhenThereIsNoSuchPage) {
  const std::string pdf = Write("in.pdf", MakePdf(2));
  EXPECT_EQ(Run({pdf, "--png", png(), "--page=3"}), kExitFailed);
}

TEST_F(DrawByHand, FailsWhenThereIsNoSuchFile) {
  EXPECT_EQ(Run({"/no/such/file.pdf", "--png", png()}), kExitFailed);
}

TEST_F(DrawByHand, FailsOnAnEmptyFile) {
  EXPECT_EQ(Run({Write("in.pdf", ""), "--png", png()}), kExitFailed);
}

TEST_F(DrawByHand, RefusesAnArenaThatIsNone) {
  EXPECT_EQ(Run({"--control-fd=0", "--arena-fd=0"}), kExitConfiguration);
}

}  // namespace
}  // namespace quire::render
