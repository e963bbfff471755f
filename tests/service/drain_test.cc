// The end of a front, asked for or not: what runs is finished, nothing is left behind.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "tests/service/running_service.h"
#include "tests/support/pdf_maker.h"

namespace quire {
namespace {

using ::testing::ContainsRegex;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::unique_ptr<RunningService> Started(const ServiceOptions& options) {
  auto started = RunningService::Start(options);
  EXPECT_TRUE(started.ok()) << started.status();
  return started.ok() ? *std::move(started) : nullptr;
}

// Until a path or process is gone; false after 10 s.
bool WaitUntilGone(const std::string& path) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::filesystem::exists(path) && std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
  }
  return !std::filesystem::exists(path);
}

std::vector<std::string> FilesIn(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    files.push_back(entry.path());
  }
  return files;
}

std::vector<pid_t> AllChildren(const RunningService& service) {
  std::vector<pid_t> all;
  for (const char* program : {"quire-fake-worker", "quire-render", "quire-server"}) {
    const std::vector<pid_t> some = service.Children(program);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

// Large enough to leave memory for the disk, with --spool-memory-megabytes 1.
std::string LargePdf(int pages) { return MakePdf(pages) + std::string(3 << 20, '\n'); }

TEST(Drain, FirstTakesReadinessOffThenFinishesAndTellsEachSecondWhatIsLeft) {
  auto service = Started({.environment = {"QUIRE_FAKE_DELAY_MS=700"}});
  ASSERT_NE(service, nullptr);
  bool told = false;
  bool ready_at_refusal = true;
  grpc::Status refused;

  const Recognised read = Recognise(service->stub(), MakePdf(10), {}, [&](const auto& event) {
    if (std::exchange(told, told || event.has_page_started()) || !told) return;
    kill(service->pid(), SIGTERM);
    EXPECT_TRUE(service->WaitForStatus([](const auto& status) { return status.draining(); }));
    ready_at_refusal = service->IsServing("ready") || service->IsServing("");
    refused = Recognise(service->stub(), MakePdf(1)).status;
  });
  const auto exit = service->Stop();

  EXPECT_FALSE(ready_at_refusal);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Reason(refused), "DRAINING");
  EXPECT_TRUE(read.status.ok()) << read.status.error_message();
  EXPECT_THAT(read.NotOnce(10), IsEmpty());
  ASSERT_TRUE(exit.has_value());
  EXPECT_EQ(exit->code, 0) << exit->Describe();
  EXPECT_THAT(service->Log(), ContainsRegex("draining: 1 documents, [0-9]+ pages waiting, 2 being"));
}

TEST(Drain, EndsWhatOutlastsItWithUnavailable) {
  auto service = Started({.arguments = {"--drain-seconds", "1"},
                          .environment = {"QUIRE_FAKE_DELAY_MS=60000"}});
  ASSERT_NE(service, nullptr);

  const Recognised read = Recognise(service->stub(), MakePdf(3), {}, [&](const auto& event) {
    if (event.has_page_started()) kill(service->pid(), SIGTERM);
  });
  const auto exit = service->Stop();

  EXPECT_EQ(read.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Reason(read.status), "DRAINING");
  ASSERT_TRUE(exit.has_value());
  EXPECT_EQ(exit->code, 0) << exit->Describe();
}

TEST(Drain, LeavesNoProcessSocketOrFile) {
  auto service = Started({.arguments = {"--spool-memory-megabytes", "1"}});
  ASSERT_NE(service, nullptr);
  EXPECT_THAT(Recognise(service->stub(), LargePdf(3)).results, SizeIs(3));
  const std::vector<pid_t> children = AllChildren(*service);
  ASSERT_THAT(children, Not(IsEmpty()));

  ASSERT_TRUE(service->Stop().has_value());

  for (const pid_t child : children) {
    EXPECT_TRUE(WaitUntilGone("/proc/" + std::to_string(child)));
  }
  EXPECT_THAT(FilesIn(service->folder() + "/tmp"), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(service->folder() + "/front.sock"));
}

TEST(Crash, OfTheFrontLeavesNoProcessSocketOrFile) {
  auto service = Started({.arguments = {"--spool-memory-megabytes", "1"},
                          .environment = {"QUIRE_FAKE_DELAY_MS=60000"}});
  ASSERT_NE(service, nullptr);
  std::vector<pid_t> children;

  // While a document lies on disk and its pages are being read.
  const Recognised read = Recognise(service->stub(), LargePdf(3), {}, [&](const auto& event) {
    if (!event.has_page_started() || !children.empty()) return;
    children = AllChildren(*service);
    EXPECT_THAT(FilesIn(service->folder() + "/tmp"), Not(IsEmpty()));
    service->Crash();
  });

  EXPECT_EQ(read.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(children, SizeIs(4));  // a worker, two renderers, the sweeper
  for (const pid_t child : children) {
    EXPECT_TRUE(WaitUntilGone("/proc/" + std::to_string(child))) << child;
  }
  EXPECT_THAT(FilesIn(service->folder() + "/tmp"), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(service->folder() + "/front.sock"));
}

}  // namespace
}  // namespace quire
