#include "worker/render/frame_io.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "tests/worker/render/raw_images.h"

namespace quire::render {
namespace {

// Two ends of a socket: the test's and the renderer's.
class FrameIo : public testing::Test {
 protected:
  FrameIo() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets_), 0); }
  ~FrameIo() override {
    HangUp();
    close(sockets_[1]);
  }
  int theirs() const { return sockets_[1]; }
  void Send(const std::string& bytes) {
    ASSERT_EQ(write(sockets_[0], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  // With a descriptor of an empty file in memory beside the bytes.
  void SendWithDescriptor(std::string bytes) {
    const int fd = memfd_create("document", MFD_CLOEXEC);
    iovec part{bytes.data(), bytes.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    ASSERT_EQ(sendmsg(sockets_[0], &message, 0), static_cast<ssize_t>(bytes.size()));
    close(fd);
  }
  void HangUp() {
    if (sockets_[0] >= 0) close(sockets_[0]);
    sockets_[0] = -1;
  }
  std::string Receive(size_t bytes) {
    std::string text(bytes, '\0');
    EXPECT_EQ(recv(sockets_[0], text.data(), bytes, MSG_WAITALL), static_cast<ssize_t>(bytes));
    return text;
  }

 private:
  int sockets_[2] = {-1, -1};
};

TEST_F(FrameIo, ReadsOneFrameAfterTheOther) {
  Send(Little(3, 4) + "one" + Little(0, 4) + Little(5, 4) + "three");
  EXPECT_EQ(ReadFrame(theirs())->bytes, "one");
  EXPECT_EQ(ReadFrame(theirs())->bytes, "");
  const absl::StatusOr<Frame> third = ReadFrame(theirs());
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_EQ(third->bytes, "three");
  EXPECT_EQ(third->fd, -1);
}

TEST_F(FrameIo, TakesADescriptorBesideTheLength) {
  SendWithDescriptor(Little(3, 4) + "abc");
  const absl::StatusOr<Frame> frame = ReadFrame(theirs());
  ASSERT_TRUE(frame.ok()) << frame.status();
  EXPECT_EQ(frame->bytes, "abc");
  EXPECT_EQ(lseek(frame->fd, 0, SEEK_END), 0);
  EXPECT_EQ(close(frame->fd), 0);
}

TEST_F(FrameIo, WaitsForALengthThatComesInPieces) {
  std::thread sender([this] {
    Send(Little(3, 4).substr(0, 1));
    Send(Little(3, 4).substr(1) + "a");
    Send("bc");
  });
  EXPECT_EQ(ReadFrame(theirs())->bytes, "abc");
  sender.join();
}

TEST_F(FrameIo, TellsTheEnd) {
  HangUp();
  EXPECT_TRUE(absl::IsOutOfRange(ReadFrame(theirs()).status()));
}

TEST_F(FrameIo, TellsALengthThatBreaksOff) {
  Send("\1");
  HangUp();
  EXPECT_TRUE(absl::IsInternal(ReadFrame(theirs()).status()));
}

TEST_F(FrameIo, TellsAFrameThatBreaksOff) {
  Send(Little(10, 4) + "abc");
  HangUp();
  EXPECT_TRUE(absl::IsInternal(ReadFrame(theirs()).status()));
}

TEST_F(FrameIo, RefusesAFrameThatIsTooLarge) {
  Send(Little(kMaxFrameBytes + 1, 4));
  EXPECT_TRUE(absl::IsInternal(ReadFrame(theirs()).status()));
}

TEST_F(FrameIo, WritesLengthAndBytes) {
  ASSERT_TRUE(WriteFrame(theirs(), std::string(300, 'x')).ok());
  EXPECT_EQ(Receive(304), Little(300, 4) + std::string(300, 'x'));
}

TEST_F(FrameIo, WritesMoreThanTheSocketHolds) {
  const std::string large(8 << 20, 'x');
  std::thread writer([&] { EXPECT_TRUE(WriteFrame(theirs(), large).ok()); });
  EXPECT_EQ(Receive(large.size() + 4).substr(4), large);
  writer.join();
}

}  // namespace
}  // namespace quire::render
