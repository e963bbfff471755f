#include "client/resume/paused_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/client/answers.h"

namespace quire::client {
namespace {

using ::testing::ElementsAre;

class Paused : public ::testing::Test {
 protected:
  void Give(const std::vector<v1::RecognizeResponse>& events) {
    for (const auto& event : events) ASSERT_TRUE(answer_.OnEvent(event).ok());
  }
  std::vector<int> pages() const {
    std::vector<int> numbers;
    for (const auto& event : seen_) {
      if (event.has_page_result()) numbers.push_back(event.page_result().page_number());
    }
    return numbers;
  }

  std::vector<v1::RecognizeResponse> seen_;
  PausedAnswer answer_{"", [this](const v1::RecognizeResponse& event) {
                         seen_.push_back(event);
                         return absl::OkStatus();
                       }};
};

TEST_F(Paused, AsksForThePagesThatAreLeft) {
  Give({Accepted(5), Page(1, "a"), Page(3, "c")});
  EXPECT_TRUE(answer_.may_pause());
  EXPECT_EQ(answer_.missing_ranges(), "2,4-5");
}

TEST_F(Paused, MakesOneAnswerOfTwo) {
  Give({Accepted(3), Page(1, "a")});
  Give({Accepted(3), Page(2, "b"), Failed(3, absl::InternalError("no")), Summary(1, 1)});
  EXPECT_THAT(pages(), ElementsAre(1, 2));
  EXPECT_EQ(
      std::count_if(seen_.begin(), seen_.end(), [](const auto& e) { return e.has_accepted(); }), 1);
  EXPECT_EQ(seen_.back().summary().pages_read(), 2);
  EXPECT_EQ(seen_.back().summary().pages_failed(), 1);
}

TEST_F(Paused, DoesNotPauseBeforeThePagesAreKnownNorAfterTheLast) {
  EXPECT_FALSE(answer_.may_pause());
  Give({Accepted(1), Page(1, "a")});
  EXPECT_FALSE(answer_.may_pause());
}

}  // namespace
}  // namespace quire::client
