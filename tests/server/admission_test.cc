#include "server/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "proto/rich_status.h"

namespace quire::server {
namespace {

using ::testing::HasSubstr;

constexpr Admission::Surroundings kReady = {.model_known = true};

bool HasRetryInfo(const absl::Status& status) {
  const google::rpc::Status proto = ToProto(status);
  return std::any_of(proto.details().begin(), proto.details().end(),
                     [](const auto& detail) { return detail.template Is<google::rpc::RetryInfo>(); });
}

TEST(Admission, LetsADocumentIn) {
  Admission admission(1, 1);
  EXPECT_TRUE(admission.Enter(kReady).ok());
}

TEST(Admission, HoldsATokenToItsOwnLimit) {
  Admission admission(10, 10);
  const Caller one{.name = "one", .max_documents = 1};
  auto first = admission.Enter(kReady, one);
  ASSERT_TRUE(first.ok());

  const absl::Status status = admission.Enter(kReady, one).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(status), "TOO_MANY_DOCUMENTS_OF_TOKEN");
  EXPECT_THAT(std::string(status.message()), HasSubstr("'one'"));
  EXPECT_TRUE(HasRetryInfo(status));
  EXPECT_TRUE(admission.Enter(kReady, {.name = "two", .max_documents = 1}).ok());
  first->reset();
  EXPECT_TRUE(admission.Enter(kReady, one).ok());
}

TEST(Admission, RefusesOneDocumentTooManyWithRetryInfo) {
  Admission admission(1, 10);
  const auto first = admission.Enter(kReady);

  const absl::Status status = admission.Enter(kReady).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(status), "TOO_MANY_DOCUMENTS");
  EXPECT_THAT(std::string(status.message()), HasSubstr("--max-documents"));
  EXPECT_TRUE(HasRetryInfo(status));
}

TEST(Admission, ADocumentThatLeavesMakesRoom) {
  Admission admission(1, 10);
  { const auto first = admission.Enter(kReady); }
  EXPECT_TRUE(admission.Enter(kReady).ok());
}

TEST(Admission, RefusesWhenPagesWaitWithRetryInfo) {
  Admission admission(10, 4);

  const absl::Status status =
      admission.Enter({.waiting_pages = 4, .model_known = true}).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(status), "QUEUE_FULL");
  EXPECT_THAT(std::string(status.message()), HasSubstr("--max-waiting-pages"));
  EXPECT_TRUE(HasRetryInfo(status));
}

TEST(Admission, ADocumentThatIsBeingUploadedCountsAsOneWaitingPage) {
  Admission admission(10, 2);
  const auto first = admission.Enter(kReady);
  const auto second = admission.Enter(kReady);

  EXPECT_EQ(ReasonOf(admission.Enter(kReady).status()), "QUEUE_FULL");
}

TEST(Admission, IsUnavailableUntilAWorkerHasAttached) {
  Admission admission(1, 1);

  const absl::Status status = admission.Enter({.model_known = false}).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(status), "NO_WORKER");
  EXPECT_TRUE(HasRetryInfo(status));
}

TEST(Admission, SaysThatNoWorkerWillCome) {
  Admission admission(1, 1);

  const absl::Status status =
      admission.Enter({.model_known = true, .worker_may_come = false}).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("none will come"));
  EXPECT_FALSE(HasRetryInfo(status));
}

TEST(Admission, RefusesWhileDraining) {
  Admission admission(1, 1);
  admission.BeginDrain({});

  const absl::Status status = admission.Enter(kReady).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(status), "DRAINING");
}

TEST(Admission, TellsOnceWhenTheLastDocumentHasLeft) {
  Admission admission(2, 10);
  int told = 0;
  auto first = *admission.Enter(kReady);
  auto second = *admission.Enter(kReady);
  admission.BeginDrain([&] { ++told; });
  first = nullptr;
  EXPECT_EQ(told, 0);

  second = nullptr;

  EXPECT_EQ(told, 1);
}

TEST(Admission, TellsAtOnceWhenNobodyIsIn) {
  Admission admission(2, 10);
  int told = 0;
  admission.BeginDrain([&] { ++told; });
  EXPECT_EQ(told, 1);
}

}  // namespace
}  // namespace quire::server
