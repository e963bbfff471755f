#include "worker/engine/ngram_ban.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quire::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<int> Banned(std::vector<int> written, NgramBan ban, std::vector<int> exempt = {}) {
  return BannedIds(written, ban, exempt);
}

TEST(NgramBan, BansWhatWouldCompleteARunSeenBefore) {
  EXPECT_THAT(Banned({1, 2, 3, 9, 1, 2}, {.size = 3, .window = 100}), ElementsAre(3));
  EXPECT_THAT(Banned({1, 2, 3, 1, 2, 4, 1, 2}, {.size = 3, .window = 100}), ElementsAre(3, 4));
}

TEST(NgramBan, LooksNoFurtherBackThanItsWindow) {
  EXPECT_THAT(Banned({1, 2, 3, 9, 9, 1, 2}, {.size = 3, .window = 7}), ElementsAre(3));
  EXPECT_THAT(Banned({1, 2, 3, 9, 9, 1, 2}, {.size = 3, .window = 6}), IsEmpty());
}

TEST(NgramBan, NeverBansExemptIds) {
  EXPECT_THAT(Banned({1, 2, 3, 9, 1, 2}, {.size = 3, .window = 100}, {3}), IsEmpty());
}

TEST(NgramBan, IsNothingWhenOffOrTooEarly) {
  EXPECT_THAT(Banned({1, 1, 1, 1}, {}), IsEmpty());
  EXPECT_THAT(Banned({1, 1}, {.size = 3, .window = 100}), IsEmpty());
}

}  // namespace
}  // namespace quire::worker
