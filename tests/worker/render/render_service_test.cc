#include "worker/render/render_service.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmath>

#include "proto/rich_status.h"
#include "tests/worker/render/made_images.h"

namespace quire::render {
namespace {

namespace wire = quire::render::v1;

class RenderServiceTest : public testing::Test {
 protected:
  RenderServiceTest() : arena_(1 << 16), service_({arena_.data(), arena_.size()}, 1 << 30) {}

  wire::RenderReply Open(const std::string& bytes) {
    const int fd = memfd_create("document", MFD_CLOEXEC);
    EXPECT_EQ(write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    wire::RenderRequest request;
    wire::OpenDocument& open = *request.mutable_open();
    open.set_document_id(7);
    open.set_document_bytes(bytes.size());
    open.set_max_pages(10);
    open.set_max_page_pixels(1'000'000);
    wire::RenderReply reply = service_.Answer(request, fd);
    close(fd);
    return reply;
  }
  static wire::RenderRequest Page() {
    wire::RenderRequest request;
    wire::RenderPage& page = *request.mutable_render();
    page.set_document_id(7);
    page.set_dpi(72);
    page.set_arena_offset(64);
    page.set_arena_bytes(10'000);
    return request;
  }
  static std::string Reason(const wire::RenderReply& reply) { return ReasonOf(FromProto(reply.error())); }

  std::vector<uint8_t> arena_;
  RenderService service_;
};

TEST_F(RenderServiceTest, DrawsIntoItsPlaceOfTheArena) {
  const wire::RenderReply opened = Open(QuarteredImage(".png"));
  ASSERT_EQ(opened.opened().pages(), 1) << opened.ShortDebugString();
  EXPECT_EQ(opened.opened().format(), quire::v1::DOCUMENT_FORMAT_PNG);

  const wire::RenderReply drawn = service_.Answer(Page(), -1);

  ASSERT_TRUE(drawn.has_rendered()) << drawn.ShortDebugString();
  EXPECT_EQ(drawn.rendered().width_px(), 40);
  EXPECT_TRUE(drawn.rendered().png().empty());
  EXPECT_EQ(arena_[63], 0);
  EXPECT_EQ(arena_[64], 255);  // red
  EXPECT_EQ(arena_[65], 0);
}

TEST_F(RenderServiceTest, GivesThePageAsPngOnRequest) {
  Open(QuarteredImage(".bmp"));
  wire::RenderRequest request = Page();
  request.mutable_render()->set_include_png(true);

  const absl::StatusOr<Drawing> again = DrawPage(service_.Answer(request, -1).rendered().png());

  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->At(39, 0), kGreen);
}

TEST_F(RenderServiceTest, AsksToBeRemindedOfADocument) {
  EXPECT_EQ(Reason(service_.Answer(Page(), -1)), "DOCUMENT_NOT_OPEN");
  Open(QuarteredImage(".png"));
  wire::RenderRequest close;
  close.mutable_close()->set_document_id(7);
  EXPECT_TRUE(service_.Answer(close, -1).has_closed());
  EXPECT_EQ(Reason(service_.Answer(Page(), -1)), "DOCUMENT_NOT_OPEN");
}

TEST_F(RenderServiceTest, NeverDrawsOutsideOfTheArena) {
  Open(QuarteredImage(".png"));
  const std::pair<uint64_t, uint64_t> kPlaces[] = {
      {1 << 16, 1}, {0, (1 << 16) + 1}, {UINT64_MAX, 2}, {64, UINT64_MAX}, {UINT64_MAX - 1, UINT64_MAX}};
  for (const auto& [offset, bytes] : kPlaces) {
    wire::RenderRequest request = Page();
    request.mutable_render()->set_arena_offset(offset);
    request.mutable_render()->set_arena_bytes(bytes);
    EXPECT_TRUE(absl::IsInternal(FromProto(service_.Answer(request, -1).error()))) << offset;
  }
  wire::RenderRequest small = Page();
  small.mutable_render()->set_arena_bytes(40 * 20 * 3 - 1);
  EXPECT_EQ(Reason(service_.Answer(small, -1)), "ARENA_TOO_SMALL");
}

TEST_F(RenderServiceTest, RefusesWhatMakesNoSense) {
  EXPECT_TRUE(service_.Answer({}, -1).has_error());
  wire::RenderRequest without_file;
  without_file.mutable_open()->set_document_bytes(5);
  EXPECT_TRUE(service_.Answer(without_file, -1).has_error());
  EXPECT_EQ(Reason(Open("\x01\x02\x03")), "UNKNOWN_FORMAT");
}

TEST_F(RenderServiceTest, KeepsDocumentsOpenWithoutALimitOfMemory) {
  RenderService unlimited({arena_.data(), arena_.size()}, 0);
  const std::string png = QuarteredImage(".png");
  const int fd = memfd_create("document", MFD_CLOEXEC);
  ASSERT_EQ(write(fd, png.data(), png.size()), static_cast<ssize_t>(png.size()));
  wire::RenderRequest open;
  open.mutable_open()->set_document_bytes(png.size());
  open.mutable_open()->set_max_page_pixels(1000);
  open.mutable_open()->set_document_id(7);
  ASSERT_TRUE(unlimited.Answer(open, fd).has_opened());
  open.mutable_open()->set_document_id(8);
  ASSERT_TRUE(unlimited.Answer(open, fd).has_opened());
  close(fd);

  EXPECT_TRUE(unlimited.Answer(Page(), -1).has_rendered());
}

TEST_F(RenderServiceTest, RefusesASizeThatIsNoneOrTwo) {
  Open(QuarteredImage(".png"));
  wire::RenderRequest none = Page();
  none.mutable_render()->set_dpi(0);
  wire::RenderRequest both = Page();
  both.mutable_render()->set_long_side_px(512);
  wire::RenderRequest nan = Page();
  nan.mutable_render()->set_dpi(std::nan(""));
  EXPECT_TRUE(absl::IsInternal(FromProto(service_.Answer(none, -1).error())));
  EXPECT_TRUE(absl::IsInternal(FromProto(service_.Answer(both, -1).error())));
  EXPECT_TRUE(absl::IsInternal(FromProto(service_.Answer(nan, -1).error())));
}

TEST_F(RenderServiceTest, TellsWhatIsWrongWithADocumentOnceAndDrawsTheNext) {
  EXPECT_EQ(Reason(Open(QuarteredImage(".png").substr(0, 60))), "IMAGE_DAMAGED");
  EXPECT_EQ(Reason(service_.Answer(Page(), -1)), "DOCUMENT_NOT_OPEN");
  EXPECT_TRUE(Open(QuarteredImage(".png")).has_opened());
  EXPECT_TRUE(service_.Answer(Page(), -1).has_rendered());
}

}  // namespace
}  // namespace quire::render
