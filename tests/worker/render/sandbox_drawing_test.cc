// What the sandbox leaves possible: every format is drawn behind it, letters too.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>

#include "absl/strings/str_replace.h"
#include "tests/support/pdf_maker.h"
#include "tests/worker/render/made_images.h"
#include "worker/render/font_files.h"
#include "worker/render/image_codec.h"
#include "worker/render/pdf_renderer.h"
#include "worker/render/sandbox.h"

namespace quire::render {
namespace {

constexpr int kNoSandbox = 99;

// How a process ends that locks itself in and then does `act`: its exit code, or minus the signal.
int EndOf(SandboxOptions options, const std::function<int()>& act) {
  const pid_t child = fork();
  if (child == 0) {
    WarmUpPdf();
    WarmUpImageCodec();
    for (const std::string& file : FontFiles()) options.readable.push_back(file);
    const auto missing = EnterSandbox(options);
    if (!missing.ok() || !missing->empty()) _exit(kNoSandbox);
    _exit(act());
  }
  int state = 0;
  waitpid(child, &state, 0);
  return WIFSIGNALED(state) ? -WTERMSIG(state) : WEXITSTATUS(state);
}

// 0 when the page is drawn and has this many dark pixels or more.
int Draws(const std::string& document, int least_dark = 0) {
  const auto page = DrawPage(document);
  return page.ok() && page->DarkPixels() >= least_dark ? 0 : 1;
}

// "HHH" in a font that is not embedded.
std::string PdfInFont(const std::string& font) {
  MadePage page;
  page.extra = "BT /F1 60 Tf 10 30 Td (HHH) Tj ET\n";
  return absl::StrReplaceAll(
      MakePdf({page}), {{"/Resources << >>",
                         "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /" +
                             font + " >> >> >>"}});
}

struct Kind {
  std::string name;
  std::function<std::string()> make;
  int least_dark = 0;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class BehindTheSandbox : public testing::TestWithParam<Kind> {};

TEST_P(BehindTheSandbox, IsDrawn) {
  const std::string document = GetParam().make();
  EXPECT_EQ(EndOf({}, [&] { return Draws(document, GetParam().least_dark); }), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, BehindTheSandbox,
    testing::Values(Kind{"Png", [] { return QuarteredImage(".png"); }},
                    Kind{"Png16", [] { return PngWithAlpha(kRed, 50, true); }},
                    Kind{"Jpeg", [] { return QuarteredImage(".jpg", 400, 300); }},
                    Kind{"Webp", [] { return QuarteredImage(".webp", 400, 300); }},
                    Kind{"Bmp", [] { return QuarteredImage(".bmp"); }},
                    Kind{"Tiff", [] { return MakeTiff({{}}); }},
                    Kind{"TiffWithPalette",
                         [] { return MakeTiff({{.photometric = 3, .pixel = {9}}}); }},
                    Kind{"Pdf", [] { return Fixture("pdf/five_pages.pdf"); }, 5'000},
                    Kind{"PdfInHelvetica", [] { return PdfInFont("Helvetica"); }, 500},
                    Kind{"PdfInTimes", [] { return PdfInFont("Times-BoldItalic"); }, 500},
                    Kind{"PdfInCourier", [] { return PdfInFont("Courier"); }, 200},
                    Kind{"PdfInAnUnknownFont", [] { return PdfInFont("NobodyHasThis"); }, 500}),
    [](const auto& info) { return info.param.name; });

TEST(SandboxOptions, AFolderMayBeReadWhenItIsNamed) {
  const std::string file = std::string(QUIRE_FIXTURES) + "/README.md";
  const auto can_open = [&] { return open(file.c_str(), O_RDONLY) >= 0 ? 1 : 0; };
  EXPECT_EQ(EndOf({}, can_open), 0);
  EXPECT_EQ(EndOf({.readable = {QUIRE_FIXTURES}}, can_open), 1);
}

TEST(SandboxOptions, AFileMayBeReadWhenItIsNamedButNotItsNeighbour) {
  const std::string file = std::string(QUIRE_FIXTURES) + "/README.md";
  const std::string neighbour = std::string(QUIRE_FIXTURES) + "/pdf/five_pages.pdf";
  EXPECT_EQ(EndOf({.readable = {file}}, [&] { return open(file.c_str(), O_RDONLY) >= 0; }), 1);
  EXPECT_EQ(EndOf({.readable = {file}}, [&] { return open(neighbour.c_str(), O_RDONLY) >= 0; }), 0);
}

// Those that are links to another folder too.
TEST(FontFiles, MayAllBeReadBehindTheSandbox) {
  WarmUpPdf();
  const std::vector<std::string> files = FontFiles();
  ASSERT_FALSE(files.empty());
  const auto unreadable = [&] {
    const auto count = std::count_if(files.begin(), files.end(), [](const std::string& file) {
      const int fd = open(file.c_str(), O_RDONLY);
      return fd < 0 || close(fd) != 0;
    });
    return static_cast<int>(std::min<ptrdiff_t>(count, kNoSandbox - 1));
  };
  EXPECT_EQ(EndOf({}, unreadable), 0);
}

TEST(SandboxOptions, AFolderThatIsNotThereIsLeftOut) {
  EXPECT_EQ(EndOf({.readable = {"/no/such/folder", "/usr/share/fonts"}},
                  [] { return open("/usr/share/fonts", O_RDONLY) >= 0 ? 0 : 1; }),
            0);
}

TEST(SandboxOptions, AnOpenFileMayGrowWhenItIsSaid) {
  const int fd = memfd_create("out", MFD_CLOEXEC);
  const auto write_error = [&] { return write(fd, "x", 1) == 1 ? 0 : errno; };
  EXPECT_EQ(EndOf({}, write_error), EFBIG);
  EXPECT_EQ(EndOf({.may_write = true}, write_error), 0);
  close(fd);
}

TEST(SandboxOptions, OpenMemoryMayBeWrittenAlways) {
  const int fd = memfd_create("arena", MFD_CLOEXEC);
  ASSERT_EQ(ftruncate(fd, 4096), 0);
  auto* const arena =
      static_cast<char*>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  ASSERT_NE(arena, MAP_FAILED);
  EXPECT_EQ(EndOf({}, [&] { return arena[17] = 'x', 0; }), 0);
  EXPECT_EQ(arena[17], 'x');
  munmap(arena, 4096);
  close(fd);
}

#ifndef QUIRE_SANITIZED
TEST(SandboxOptions, APageThatNeedsMoreMemoryThanThereIsFailsAlone) {
  const std::string large = QuarteredImage(".png", 6000, 4000);
  const std::string small = QuarteredImage(".png");
  std::vector<uint8_t> canvas(6000 * 4000 * 3);
  const auto draws = [&] {
    const auto opened = OpenDocument(BytesOf(large), "", {});
    if (!opened.ok()) return 2;
    const auto page = (*opened)->Draw(0, {}, {canvas.data(), canvas.size()});
    if (ReasonOf(page.status()) != "RENDER_MEMORY") return 3;
    return Draws(small);
  };
  EXPECT_EQ(EndOf({.memory_bytes = 40 << 20}, draws), 0);
}
#endif

}  // namespace
}  // namespace quire::render
