#include "worker/alone_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace quire::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Holds every page until a test ends it.
class HeldReader : public PageReader {
 public:
  void Read(PageRequest request, PageCallbacks callbacks) override {
    pages_[request.job_id] = std::move(callbacks);
  }
  void Cancel(uint64_t job_id) override { End(job_id, absl::CancelledError("cancelled")); }
  const ReaderInfo& info() const override { return info_; }
  ReaderStats stats() const override { return {.pages = static_cast<int>(pages_.size())}; }
  void End(uint64_t job_id, absl::StatusOr<PageOutput> output = PageOutput{}) {
    auto page = pages_.extract(job_id);
    if (!page.empty()) page.mapped().on_done(std::move(output));
  }
  std::vector<uint64_t> reading() const {
    std::vector<uint64_t> ids;
    for (const auto& [id, page] : pages_) ids.push_back(id);
    return ids;
  }

 private:
  ReaderInfo info_;
  std::map<uint64_t, PageCallbacks> pages_;
};

class Gate : public testing::Test {
 protected:
  void Read(uint64_t job_id, bool alone = false) {
    PageRequest request;
    request.job_id = job_id;
    request.alone = alone;
    PageCallbacks callbacks;
    callbacks.on_pixels_released = [] {};
    callbacks.on_done = [this, job_id](absl::StatusOr<PageOutput> output) {
      ended_[job_id] = output.status();
      reading_at_end_[job_id] = reader_.reading();
    };
    gate_.Read(std::move(request), std::move(callbacks));
  }
  HeldReader reader_;
  AloneGate gate_{reader_};
  std::map<uint64_t, absl::Status> ended_;
  std::map<uint64_t, std::vector<uint64_t>> reading_at_end_;
};

TEST_F(Gate, LetsPagesInTogether) {
  Read(1);
  Read(2);
  EXPECT_THAT(reader_.reading(), ElementsAre(1, 2));
}

TEST_F(Gate, KeepsAPageWaitingThatMustBeAloneUntilTheOthersHaveEnded) {
  Read(1);
  Read(2, /*alone=*/true);
  EXPECT_THAT(reader_.reading(), ElementsAre(1));
  reader_.End(1);
  EXPECT_THAT(reader_.reading(), ElementsAre(2));
}

TEST_F(Gate, KeepsOthersWaitingBehindAPageThatIsAlone) {
  Read(1, /*alone=*/true);
  Read(2);
  Read(3, /*alone=*/true);
  Read(4);
  EXPECT_THAT(reader_.reading(), ElementsAre(1));
  reader_.End(1);
  EXPECT_THAT(reader_.reading(), ElementsAre(2));
  reader_.End(2);
  EXPECT_THAT(reader_.reading(), ElementsAre(3));
  reader_.End(3);
  EXPECT_THAT(reader_.reading(), ElementsAre(4));
}

// What waits may take the worker down as soon as it begins.
TEST_F(Gate, GivesAPagesAnswerBeforeTheNextOneBegins) {
  Read(1, /*alone=*/true);
  Read(2, /*alone=*/true);
  reader_.End(1);
  EXPECT_THAT(reading_at_end_.at(1), IsEmpty());
  EXPECT_THAT(reader_.reading(), ElementsAre(2));
}

TEST_F(Gate, EndsAPageThatIsCancelledWhileItWaits) {
  Read(1);
  Read(2, /*alone=*/true);
  Read(3);
  gate_.Cancel(2);
  EXPECT_TRUE(absl::IsCancelled(ended_.at(2)));
  EXPECT_THAT(reader_.reading(), ElementsAre(1, 3));
}

TEST_F(Gate, HandsACancelOn) {
  Read(1);
  gate_.Cancel(1);
  EXPECT_TRUE(absl::IsCancelled(ended_.at(1)));
  EXPECT_THAT(reader_.reading(), IsEmpty());
}

TEST_F(Gate, CountsPagesThatWait) {
  Read(1, /*alone=*/true);
  Read(2);
  EXPECT_EQ(gate_.stats().pages, 2);
}

}  // namespace
}  // namespace quire::worker
