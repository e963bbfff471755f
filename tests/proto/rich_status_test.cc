#include "proto/rich_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "proto/grpc_status.h"

namespace quire {
namespace {

using ::testing::HasSubstr;

TEST(RichStatus, KeepsReasonAndFactsOverTheWire) {
  const absl::Status sent = MakeError(absl::StatusCode::kInvalidArgument, "TOO_MANY_PAGES",
                                      "the document has 4 pages; the limit is 3", {{"limit", "3"}});

  const google::rpc::Status proto = ToProto(sent);
  const absl::Status received = FromProto(proto);

  EXPECT_EQ(received.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(received.message(), sent.message());
  EXPECT_EQ(ReasonOf(received), "TOO_MANY_PAGES");
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(proto.details(0).UnpackTo(&info));
  EXPECT_EQ(info.domain(), "quire");
  EXPECT_EQ(info.metadata().at("limit"), "3");
}

TEST(RichStatus, NamesTheCodeWhereNobodyGaveAReason) {
  const google::rpc::Status proto = ToProto(absl::UnavailableError("gone"));

  EXPECT_EQ(ReasonOf(FromProto(proto)), "UNAVAILABLE");
}

TEST(RichStatus, CarriesTheRetryDelay) {
  const google::rpc::Status proto =
      ToProto(WithRetryAfter(absl::ResourceExhaustedError("queue full"), 1.5));

  google::rpc::RetryInfo retry;
  bool found = false;
  for (const auto& detail : proto.details()) found = found || detail.UnpackTo(&retry);
  ASSERT_TRUE(found);
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
}

TEST(GrpcStatus, GoesThereAndBackWithItsDetails) {
  const absl::Status sent =
      MakeError(absl::StatusCode::kFailedPrecondition, "PDF_ENCRYPTED", "needs a password");

  EXPECT_EQ(FromGrpc(ToGrpc(sent)), sent);
}

TEST(GrpcStatus, SurvivesDetailsThatAreNoStatus) {
  const grpc::Status damaged(grpc::StatusCode::INTERNAL, "broken", "not a proto");

  EXPECT_THAT(std::string(FromGrpc(damaged).message()), HasSubstr("broken"));
}

}  // namespace
}  // namespace quire
