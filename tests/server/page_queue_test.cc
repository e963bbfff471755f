#include "server/page_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace quire::server {
namespace {

using ::testing::ElementsAre;
using Clock = PageQueue::Clock;

bool Any(uint64_t) { return true; }

PageRanges Pages(int count) { return PageRanges::Parse("").value().Within(count).value(); }

Clock::time_point At(int seconds) { return Clock::time_point(std::chrono::seconds(seconds)); }

// Picks `count` pages, delivers each at once, and counts them by document.
std::map<uint64_t, int> PickAndDeliver(PageQueue& queue, int count) {
  std::map<uint64_t, int> picks;
  for (int i = 0; i < count; ++i) {
    const auto picked = queue.Pick(Any);
    if (!picked.has_value()) break;
    ++picks[picked->document];
    queue.Release(picked->document, At(0));
  }
  return picks;
}

TEST(PageQueue, GivesThePagesOfADocumentInOrder) {
  PageQueue queue;
  queue.Add(1, PageRanges::Parse("2,5-6").value().Within(9).value(), 1, At(0));

  std::vector<int> pages;
  while (const auto picked = queue.Pick(Any)) pages.push_back(picked->page_number);

  EXPECT_THAT(pages, ElementsAre(2, 5, 6));
}

TEST(PageQueue, GivesNothingWhenEmpty) {
  PageQueue queue;
  EXPECT_FALSE(queue.Pick(Any).has_value());
}

TEST(PageQueue, TakesTurnsBetweenDocuments) {
  PageQueue queue;
  queue.Add(1, Pages(3), 1, At(0));
  queue.Add(2, Pages(3), 1, At(0));

  std::vector<uint64_t> documents;
  while (const auto picked = queue.Pick(Any)) documents.push_back(picked->document);

  EXPECT_THAT(documents, ElementsAre(1, 2, 1, 2, 1, 2));
}

TEST(PageQueue, AShortDocumentBesideTenLongOnesIsNextWithinThreePicks) {
  PageQueue queue;
  for (uint64_t id = 1; id <= 10; ++id) queue.Add(id, Pages(1000), 1, At(0));
  PickAndDeliver(queue, 137);
  queue.Add(99, Pages(1), 1, At(0));

  const std::map<uint64_t, int> picks = PickAndDeliver(queue, 3);

  EXPECT_TRUE(picks.contains(99));
}

TEST(PageQueue, AFloodOfShortDocumentsDoesNotStarveALongOne) {
  PageQueue queue;
  queue.Add(1, Pages(1000), 1, At(0));
  PickAndDeliver(queue, 5);

  int of_the_long_one = 0;
  for (uint64_t id = 100; id < 400; ++id) {
    queue.Add(id, Pages(1), 1, At(0));
    of_the_long_one += PickAndDeliver(queue, 1).contains(1) ? 1 : 0;
  }

  EXPECT_GE(of_the_long_one, 90);
}

TEST(PageQueue, SharesFollowWeights) {
  PageQueue queue;
  queue.set_window(1000);
  queue.Add(1, Pages(3000), 0.25, At(0));
  queue.Add(2, Pages(3000), 1, At(0));
  queue.Add(3, Pages(3000), 4, At(0));

  const std::map<uint64_t, int> picks = PickAndDeliver(queue, 2100);

  EXPECT_NEAR(picks.at(1), 100, 2);
  EXPECT_NEAR(picks.at(2), 400, 3);
  EXPECT_NEAR(picks.at(3), 1600, 4);
}

TEST(PageQueue, ADocumentThatWaitedLongDoesNotCatchUp) {
  PageQueue queue;
  queue.Add(1, Pages(1000), 1, At(0));
  queue.Add(2, Pages(1000), 1, At(0));
  for (int i = 0; i < 50; ++i) {  // the second one may not start meanwhile
    const auto picked = queue.Pick([](uint64_t document) { return document == 1; });
    ASSERT_TRUE(picked.has_value());
    queue.Release(1, At(0));
  }

  const std::map<uint64_t, int> picks = PickAndDeliver(queue, 20);

  EXPECT_NEAR(picks.at(1), 10, 1);
}

TEST(PageQueue, ADocumentsWindowBoundsItsPagesUnderWay) {
  PageQueue queue;
  queue.set_window(3);
  queue.Add(1, Pages(10), 1, At(0));

  int picked = 0;
  while (queue.Pick(Any)) ++picked;

  EXPECT_EQ(picked, 3);
}

TEST(PageQueue, DeliveringAPageOpensTheWindow) {
  PageQueue queue;
  queue.set_window(1);
  queue.Add(1, Pages(2), 1, At(0));
  ASSERT_TRUE(queue.Pick(Any).has_value());
  ASSERT_FALSE(queue.Pick(Any).has_value());

  queue.Release(1, At(0));

  EXPECT_EQ(queue.Pick(Any)->page_number, 2);
}

TEST(PageQueue, AClosedWindowLeavesOtherDocumentsAlone) {
  PageQueue queue;
  queue.set_window(1);
  queue.Add(1, Pages(5), 1, At(0));
  ASSERT_TRUE(queue.Pick(Any).has_value());
  queue.Add(2, Pages(5), 1, At(0));

  EXPECT_EQ(queue.Pick(Any)->document, 2u);
}

TEST(PageQueue, APageThatIsTriedAgainComesFirst) {
  PageQueue queue;
  queue.Add(1, Pages(5), 1, At(0));
  queue.Add(2, Pages(5), 4, At(0));
  ASSERT_EQ(queue.Pick(Any)->document, 1u);
  queue.Requeue(1, 1);

  const auto picked = queue.Pick(Any);

  EXPECT_EQ(picked->document, 1u);
  EXPECT_EQ(picked->page_number, 1);
  EXPECT_TRUE(picked->again);
}

TEST(PageQueue, APageThatIsTriedAgainNeedsNoNewPlaceInTheWindow) {
  PageQueue queue;
  queue.set_window(1);
  queue.Add(1, Pages(5), 1, At(0));
  ASSERT_TRUE(queue.Pick(Any).has_value());
  queue.Requeue(1, 1);

  EXPECT_TRUE(queue.Pick(Any).has_value());
  EXPECT_FALSE(queue.Pick(Any).has_value());
}

TEST(PageQueue, PassesOverDocumentsThatMayNotStart) {
  PageQueue queue;
  queue.Add(1, Pages(5), 1, At(0));
  queue.Add(2, Pages(5), 1, At(0));
  queue.Requeue(1, 1);

  const auto picked = queue.Pick([](uint64_t document) { return document == 2; });

  EXPECT_EQ(picked->document, 2u);
}

TEST(PageQueue, ARemovedDocumentGivesNothing) {
  PageQueue queue;
  queue.Add(1, Pages(5), 1, At(0));
  ASSERT_TRUE(queue.Pick(Any).has_value());
  queue.Requeue(1, 1);
  queue.Remove(1);

  EXPECT_FALSE(queue.Pick(Any).has_value());
  EXPECT_EQ(queue.pages_left(), 0);
}

TEST(PageQueue, EventsOfARemovedDocumentAreIgnored) {
  PageQueue queue;
  queue.Add(1, Pages(5), 1, At(0));
  ASSERT_TRUE(queue.Pick(Any).has_value());
  queue.Remove(1);

  queue.Release(1, At(0));
  queue.Requeue(1, 1);

  EXPECT_FALSE(queue.Pick(Any).has_value());
}

TEST(PageQueue, ALongDocumentCountsWithFourWaitingPages) {
  PageQueue queue;
  queue.Add(1, Pages(1000), 1, At(0));
  queue.Add(2, Pages(2), 1, At(0));

  EXPECT_EQ(queue.waiting_pages(), 6);
  EXPECT_EQ(queue.pages_left(), 1002);
}

TEST(PageQueue, PagesEnterWhenTheirDocumentsWindowReachesThem) {
  PageQueue queue;
  queue.set_window(2);
  queue.Add(1, Pages(4), 1, At(10));
  EXPECT_EQ(queue.Pick(Any)->entered, At(10));
  EXPECT_EQ(queue.Pick(Any)->entered, At(10));
  queue.Release(1, At(20));
  queue.Release(1, At(30));

  EXPECT_EQ(queue.Pick(Any)->entered, At(20));
  EXPECT_EQ(queue.Pick(Any)->entered, At(30));
}

}  // namespace
}  // namespace quire::server
