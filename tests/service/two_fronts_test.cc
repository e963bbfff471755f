// One worker that two fronts share.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "absl/strings/str_cat.h"
#include "tests/service/remote_worker.h"
#include "tests/service/running_service.h"
#include "tests/support/pdf_maker.h"

namespace quire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TwoFronts : public testing::Test {
 protected:
  TwoFronts() : folder_(absl::StrCat(testing::TempDir(), "/quire-two-XXXXXX")) {
    if (mkdtemp(folder_.data()) == nullptr) std::abort();
    std::ofstream(token_file()) << "remote 0123456789abcdef0123456789abcdef\n";
    std::ofstream(worker_token_file()) << "0123456789abcdef0123456789abcdef\n";
  }
  ~TwoFronts() override {
    worker_ = nullptr;
    fronts_.clear();
    std::filesystem::remove_all(folder_);
  }

  // The worker first: a front is ready when it has one.
  void Start(std::vector<std::string> environment = {}) {
    const std::vector<std::string> addresses = {FreeAddress(), FreeAddress()};
    worker_ = std::make_unique<RemoteWorker>(RemoteWorkerOptions{
        .fronts = addresses,
        .token_file = worker_token_file(),
        .arguments = {"--slots", "4"},
        .environment = std::move(environment)});
    for (const std::string& address : addresses) {
      auto front = RunningService::Start(
          {.arguments = {"--workers", "none", "--worker-listen", address, "--worker-token-file",
                         token_file(), "--page-stall-seconds", "5"}});
      ASSERT_TRUE(front.ok()) << front.status();
      fronts_.push_back(*std::move(front));
    }
  }

  bool WaitForSlots(int front, int slots) {
    return fronts_[front]->WaitForStatus([&](const quire::v1::WatchStatusResponse& status) {
      return status.workers_size() == 1 && status.workers(0).slots() == slots;
    });
  }
  // Tries that a worker refused or had no slot for.
  double Refused(int front) {
    return fronts_[front]->Metric(R"(quire_page_attempts_total{reason="worker_failed"})") +
           fronts_[front]->Metric(R"(quire_page_attempts_total{reason="out_of_memory"})");
  }

  std::string token_file() const { return folder_ + "/tokens"; }
  std::string worker_token_file() const { return folder_ + "/token"; }
  std::string folder_;
  std::unique_ptr<RemoteWorker> worker_;
  std::vector<std::unique_ptr<RunningService>> fronts_;
};

TEST_F(TwoFronts, ReadTogetherAndNeverFillMoreThanItsSlots) {
  Start({"QUIRE_FAKE_DELAY_MS=20"});
  const std::string document = MakePdf(60);

  auto other = std::async(std::launch::async,
                          [&] { return Recognise(fronts_[1]->stub(), document); });
  const Recognised first = Recognise(fronts_[0]->stub(), document);
  const Recognised second = other.get();

  EXPECT_THAT(first.NotOnce(60), IsEmpty());
  EXPECT_THAT(second.NotOnce(60), IsEmpty());
  EXPECT_EQ(first.Markdown(), second.Markdown());
  EXPECT_EQ(Refused(0) + Refused(1), 0);
}

TEST_F(TwoFronts, LendTheirSlotsToTheOneWithPages) {
  Start({"QUIRE_FAKE_DELAY_MS=40"});
  EXPECT_TRUE(WaitForSlots(0, 2) || WaitForSlots(1, 2));
  bool asked = false;
  Recognised single;
  int read_before = -1;

  const Recognised whole =
      Recognise(fronts_[0]->stub(), MakePdf(200), {}, [&](const quire::v1::RecognizeResponse& event) {
        if (asked || !event.has_page_result() || event.page_result().page_number() < 20) return;
        asked = true;
        EXPECT_TRUE(WaitForSlots(0, 4));
        single = Recognise(fronts_[1]->stub(), MakePdf(1));
        read_before = static_cast<int>(
            fronts_[0]->Metric(R"(quire_pages_total{outcome="read"})"));
      });

  EXPECT_THAT(whole.results, SizeIs(200));
  EXPECT_THAT(single.results, SizeIs(1)) << single.status.error_message();
  EXPECT_LT(read_before, 190) << "the single page waited for the other front's document";
}

TEST_F(TwoFronts, SufferNothingFromAPageOfTheOther) {
  Start({"QUIRE_FAKE_DEADLY_RED=13", "QUIRE_FAKE_DELAY_MS=20"});
  std::vector<MadePage> poisoned(6);
  for (int i = 0; i < 6; ++i) poisoned[i].code = i + 1;
  poisoned[2].red = 13;

  auto other = std::async(std::launch::async,
                          [&] { return Recognise(fronts_[1]->stub(), MakePdf(80)); });
  const Recognised read = Recognise(fronts_[0]->stub(), MakePdf(poisoned));
  const Recognised innocent = other.get();

  EXPECT_THAT(read.NotOnce(6), IsEmpty());
  ASSERT_THAT(read.failures, SizeIs(1));
  EXPECT_TRUE(read.failures.contains(3));
  EXPECT_THAT(innocent.failures, IsEmpty());
  EXPECT_THAT(innocent.NotOnce(80), IsEmpty());
  EXPECT_GE(worker_->lives(), 2);
}

TEST_F(TwoFronts, KeepTheWorkerWhenOneOfThemStops) {
  Start();
  fronts_[0] = nullptr;

  const Recognised read = Recognise(fronts_[1]->stub(), MakePdf(20));

  EXPECT_THAT(read.results, SizeIs(20)) << read.status.error_message();
  EXPECT_TRUE(WaitForSlots(1, 4));
  EXPECT_EQ(worker_->lives(), 1);
}

}  // namespace
}  // namespace quire
