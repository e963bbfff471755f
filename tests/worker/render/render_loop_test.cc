// RenderService::Serve: what goes over the socket, and how it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>

#include "tests/worker/render/made_images.h"
#include "worker/render/frame_io.h"
#include "worker/render/render_service.h"

namespace quire::render {
namespace {

namespace wire = quire::render::v1;

// A service that serves the other end of a socket, on a thread of its own.
class RenderLoop : public testing::Test {
 protected:
  RenderLoop() {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets_), 0);
    end_ = std::async(std::launch::async, [this] {
      RenderService service({arena_.data(), arena_.size()}, 1 << 30);
      const absl::Status status = service.Serve(sockets_[1]);
      close(sockets_[1]);
      return status;
    });
  }
  ~RenderLoop() override { (void)HangUp(); }

  void Send(const std::string& frame) { ASSERT_TRUE(WriteFrame(sockets_[0], frame).ok()); }
  absl::StatusOr<wire::RenderReply> Receive() {
    absl::StatusOr<Frame> frame = ReadFrame(sockets_[0]);
    if (!frame.ok()) return frame.status();
    wire::RenderReply reply;
    if (!reply.ParseFromString(frame->bytes)) return absl::InternalError("no reply");
    return reply;
  }
  // Closes the test's end; how the service ended.
  absl::Status HangUp() {
    if (sockets_[0] >= 0) close(sockets_[0]);
    sockets_[0] = -1;
    return end_.valid() ? end_.get() : absl::OkStatus();
  }

 private:
  int sockets_[2];
  std::vector<uint8_t> arena_ = std::vector<uint8_t>(4096);
  std::future<absl::Status> end_;
};

TEST_F(RenderLoop, AnswersEachRequestInTurn) {
  wire::RenderRequest close;
  close.mutable_close()->set_document_id(1);
  wire::RenderRequest draw;
  draw.mutable_render()->set_document_id(1);
  Send(close.SerializeAsString());
  Send(draw.SerializeAsString());

  EXPECT_TRUE(Receive()->has_closed());
  const absl::StatusOr<wire::RenderReply> second = Receive();
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(ReasonOf(FromProto(second->error())), "DOCUMENT_NOT_OPEN");
}

TEST_F(RenderLoop, EndsWellWhenTheFrontHangsUp) { EXPECT_TRUE(HangUp().ok()); }

TEST_F(RenderLoop, EndsOnARequestThatCannotBeParsed) {
  Send("\xff\xff\xff");
  EXPECT_TRUE(absl::IsOutOfRange(Receive().status()));
  EXPECT_TRUE(absl::IsInternal(HangUp()));
}

TEST_F(RenderLoop, AnswersAnEmptyRequest) {
  Send("");
  const absl::StatusOr<wire::RenderReply> reply = Receive();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_TRUE(absl::IsInternal(FromProto(reply->error())));
}

TEST_F(RenderLoop, RefusesADocumentWithoutItsFile) {
  wire::RenderRequest open;
  open.mutable_open()->set_document_bytes(100);
  Send(open.SerializeAsString());
  const absl::StatusOr<wire::RenderReply> reply = Receive();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_TRUE(absl::IsInternal(FromProto(reply->error())));
}

}  // namespace
}  // namespace quire::render
