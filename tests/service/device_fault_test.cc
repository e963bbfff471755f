// Devices that break or have no memory left, as workers are told to pretend by their flags.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "tests/service/running_service.h"
#include "tests/support/pdf_maker.h"

namespace quire {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Clock = std::chrono::steady_clock;

std::unique_ptr<RunningService> Started(std::vector<std::string> worker_flags) {
  ServiceOptions options;
  for (const std::string& flag : worker_flags) options.arguments.push_back("--worker-args=" + flag);
  auto started = RunningService::Start(options);
  EXPECT_TRUE(started.ok()) << started.status();
  return started.ok() ? *std::move(started) : nullptr;
}

constexpr char kDeviceFailed[] = R"(quire_worker_restarts_total{reason="device_failed"})";
constexpr char kOutOfMemory[] = R"(quire_page_attempts_total{reason="out_of_memory"})";

// A page takes the fake reader four steps.
TEST(DeviceFault, EndsTheWorkerAndEveryPageIsReadByItsSuccessors) {
  auto service = Started({"--slots=2", "--raise-device-fault-at-step=41"});
  ASSERT_NE(service, nullptr);

  const Recognised read = Recognise(service->stub(), MakePdf(24));

  EXPECT_TRUE(read.status.ok()) << read.status.error_message();
  EXPECT_THAT(read.NotOnce(24), IsEmpty());
  EXPECT_THAT(read.results, SizeIs(24));
  EXPECT_GE(service->Metric(kDeviceFailed), 2);
}

TEST(DeviceFault, ShowsInHealthAndMetricsWithinTenSeconds) {
  auto service = Started({"--slots=1", "--raise-device-fault-at-step=2"});  // no page ends
  ASSERT_NE(service, nullptr);
  EXPECT_TRUE(service->IsServing("ready"));
  const Clock::time_point begin = Clock::now();
  grpc::ClientContext context;
  const auto stream = service->stub().Recognize(&context);
  quire::v1::RecognizeRequest request;
  request.mutable_options();
  stream->Write(request);
  request.set_chunk(MakePdf(1));
  stream->Write(request);
  stream->WritesDone();

  std::string last_error;
  const bool down = service->WaitForStatus([&](const quire::v1::WatchStatusResponse& status) {
    last_error = status.workers(0).last_error();
    return absl::StrContains(last_error, "exit code 74") && !service->IsServing("ready");
  });

  EXPECT_TRUE(down);
  EXPECT_THAT(last_error, HasSubstr("exit code 74"));
  EXPECT_GE(service->Metric(kDeviceFailed), 1);
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(10));
  EXPECT_THAT(service->Log(), HasSubstr("the device failed: only a new process can read again"));
  context.TryCancel();
}

TEST(DeviceMemory, ABatchThatIsTooLargeIsReadPageByPageAndTheNextOnesAreSmaller) {
  auto service = Started({"--slots=4", "--raise-out-of-memory-above-pages=2"});
  ASSERT_NE(service, nullptr);

  const Recognised read = Recognise(service->stub(), MakePdf(30));

  EXPECT_TRUE(read.status.ok()) << read.status.error_message();
  EXPECT_THAT(read.NotOnce(30), IsEmpty());
  EXPECT_THAT(read.results, SizeIs(30));
  EXPECT_GE(service->Metric(kOutOfMemory), 1);
  EXPECT_LE(service->Metric(kOutOfMemory), 8) << "the batch did not shrink";
  EXPECT_EQ(service->Metric(R"(quire_worker_restarts_total{reason="device_failed"})"), 0);
}

}  // namespace
}  // namespace quire
