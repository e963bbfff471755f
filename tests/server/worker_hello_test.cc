#include "server/worker_hello.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quire::server {
namespace {

using ::testing::HasSubstr;
using quire::worker::v1::WorkerHello;

WorkerHello GoodHello() {
  WorkerHello hello;
  hello.set_protocol_version(1);
  hello.set_worker_id("cpu");
  hello.mutable_model()->set_key("nano");
  hello.set_slots(4);
  hello.set_render_long_side_px(2048);
  return hello;
}

void ExpectRefused(const WorkerHello& hello, absl::StatusCode code, const std::string& words) {
  const absl::Status status = CheckHello(hello);
  EXPECT_EQ(status.code(), code);
  EXPECT_THAT(std::string(status.message()), HasSubstr(words));
}

TEST(CheckHello, AcceptsAGoodOne) { EXPECT_TRUE(CheckHello(GoodHello()).ok()); }

TEST(CheckHello, AcceptsDpiInsteadOfASide) {
  WorkerHello hello = GoodHello();
  hello.set_render_long_side_px(0);
  hello.set_render_dpi(144);
  EXPECT_TRUE(CheckHello(hello).ok());
}

TEST(CheckHello, RefusesAnotherProtocolVersion) {
  WorkerHello hello = GoodHello();
  hello.set_protocol_version(2);
  ExpectRefused(hello, absl::StatusCode::kFailedPrecondition, "version 2");
}

TEST(CheckHello, RefusesAnEmptyId) {
  WorkerHello hello = GoodHello();
  hello.set_worker_id("");
  ExpectRefused(hello, absl::StatusCode::kInvalidArgument, "worker_id");
}

TEST(CheckHello, RefusesABlankInTheId) {
  WorkerHello hello = GoodHello();
  hello.set_worker_id("a b");
  ExpectRefused(hello, absl::StatusCode::kInvalidArgument, "worker_id");
}

TEST(CheckHello, RefusesAModelWithoutKey) {
  WorkerHello hello = GoodHello();
  hello.mutable_model()->clear_key();
  ExpectRefused(hello, absl::StatusCode::kInvalidArgument, "model.key");
}

TEST(CheckHello, RefusesNoSlots) {
  WorkerHello hello = GoodHello();
  hello.set_slots(0);
  ExpectRefused(hello, absl::StatusCode::kInvalidArgument, "slots is 0");
}

TEST(CheckHello, RefusesTooManySlots) {
  WorkerHello hello = GoodHello();
  hello.set_slots(1025);
  ExpectRefused(hello, absl::StatusCode::kInvalidArgument, "1 to 1024");
}

TEST(CheckHello, RefusesBothSizes) {
  WorkerHello hello = GoodHello();
  hello.set_render_dpi(144);
  ExpectRefused(hello, absl::StatusCode::kInvalidArgument, "one of them");
}

TEST(CheckHello, RefusesNoSize) {
  WorkerHello hello = GoodHello();
  hello.set_render_long_side_px(0);
  ExpectRefused(hello, absl::StatusCode::kInvalidArgument, "one of them");
}

}  // namespace
}  // namespace quire::server
