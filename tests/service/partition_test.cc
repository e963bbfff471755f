// A worker on another host, and a wire that loses packets between the two.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/service/remote_worker.h"
#include "tests/service/running_service.h"
#include "tests/service/two_hosts.h"
#include "tests/support/pdf_maker.h"

namespace quire {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using Direction = TwoHosts::Direction;

constexpr int kPages = 60;
constexpr int kLostAtPage = 20;

class Partition : public testing::Test {
 protected:
  void SetUp() override {
    auto hosts = TwoHosts::Make();
    if (!hosts.ok()) GTEST_SKIP() << hosts.status().message();
    hosts_ = *std::move(hosts);
    folder_ = absl::StrCat(testing::TempDir(), "/quire-partition-XXXXXX");
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    const std::string token_file = folder_ + "/token";
    std::ofstream(token_file) << "0123456789abcdef0123456789abcdef\n";
    const std::string address = absl::StrCat(TwoHosts::kFirstAddress, ":50052");
    worker_ = std::make_unique<RemoteWorker>(
        RemoteWorkerOptions{.id = "distant",
                            .fronts = {address},
                            .token_file = token_file,
                            .arguments = {"--slots", "4"},
                            .environment = {"QUIRE_FAKE_DELAY_MS=100"},
                            .network = hosts_->second_network()});
    auto front = RunningService::Start({.arguments = {"--workers", "none", "--worker-listen",
                                                      address, "--worker-token-file", token_file}});
    ASSERT_TRUE(front.ok()) << front.status();
    front_ = *std::move(front);
  }
  void TearDown() override {
    worker_ = nullptr;
    front_ = nullptr;
    hosts_ = nullptr;
    std::filesystem::remove_all(folder_);
  }

  bool WaitForWorkers(int workers) {
    return front_->WaitForStatus([&](const quire::v1::WatchStatusResponse& status) {
      return status.workers_size() == workers;
    });
  }
  // Reads a document, and breaks the wire for as long as `cut` runs when a third of it is read.
  Recognised ReadAcross(const std::function<void()>& cut) {
    bool was_cut = false;
    return Recognise(front_->stub(), MakePdf(kPages), {},
                     [&](const quire::v1::RecognizeResponse& event) {
                       if (was_cut || !event.has_page_result()) return;
                       if (event.page_result().page_number() < kLostAtPage) return;
                       was_cut = true;
                       cut();
                     });
  }
  // Pages that were tried again because their worker was lost.
  double Lost() { return front_->Metric(R"(quire_page_attempts_total{reason="worker_lost"})"); }
  void ExpectEveryPageOnce(const Recognised& read) {
    EXPECT_TRUE(read.status.ok()) << read.status.error_message();
    EXPECT_THAT(read.NotOnce(kPages), IsEmpty());
    EXPECT_THAT(read.results, SizeIs(kPages));
  }
  // The wire loses packets until the front counts the worker as lost.
  void ExpectToHeal(const std::vector<Direction>& lost) {
    const Recognised read = ReadAcross([&] {
      for (const Direction direction : lost) EXPECT_TRUE(hosts_->Lose(direction));
      EXPECT_TRUE(WaitForWorkers(0));
      for (const Direction direction : lost) EXPECT_TRUE(hosts_->Carry(direction));
    });

    ExpectEveryPageOnce(read);
    EXPECT_GE(Lost(), 1);
    EXPECT_EQ(worker_->lives(), 1);
  }

  std::string folder_;
  std::unique_ptr<TwoHosts> hosts_;
  std::unique_ptr<RemoteWorker> worker_;
  std::unique_ptr<RunningService> front_;
};

TEST_F(Partition, HealsWhenTheFrontDoesNotHearTheWorker) { ExpectToHeal({Direction::kToFirst}); }

TEST_F(Partition, HealsWhenTheWorkerDoesNotHearTheFront) { ExpectToHeal({Direction::kToSecond}); }

TEST_F(Partition, HealsWhenNothingIsCarried) {
  ExpectToHeal({Direction::kToFirst, Direction::kToSecond});
}

// Shorter than the silence that makes a worker lost: what was sent comes late, and nothing twice.
TEST_F(Partition, CostsNoAttemptWhenItIsShort) {
  const Recognised read = ReadAcross([&] {
    EXPECT_TRUE(hosts_->Lose(Direction::kToFirst));
    std::this_thread::sleep_for(std::chrono::seconds(2));  // it is the wire's time that is tested
    EXPECT_TRUE(hosts_->Carry(Direction::kToFirst));
  });

  ExpectEveryPageOnce(read);
  EXPECT_EQ(Lost(), 0);
}

}  // namespace
}  // namespace quire
