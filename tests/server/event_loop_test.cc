#include "server/event_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>

namespace quire::server {
namespace {

using ::testing::ElementsAre;
using std::chrono::milliseconds;

TEST(EventLoop, RunsTasksInTheOrderOfPosting) {
  EventLoop loop;
  std::vector<int> ran;
  loop.Post([&] { ran.push_back(1); });
  loop.Post([&] { ran.push_back(2); });
  loop.PostAndWait([&] { ran.push_back(3); });
  EXPECT_THAT(ran, ElementsAre(1, 2, 3));
}

TEST(EventLoop, RunsWhatATaskPosts) {
  EventLoop loop;
  bool ran = false;
  loop.PostAndWait([&] { loop.Post([&] { ran = true; }); });
  loop.Stop();
  EXPECT_TRUE(ran);
}

TEST(EventLoop, RunsTimersInTheOrderOfTheirTimes) {
  EventLoop loop;
  std::vector<int> ran;
  const auto now = EventLoop::Clock::now();
  Mutex mutex;
  CondVar changed;
  bool done = false;
  loop.PostAt(now + milliseconds(20), [&] {
    ran.push_back(2);
    MutexLock lock(mutex);
    done = true;
    changed.NotifyAll();
  });
  loop.PostAt(now + milliseconds(10), [&] { ran.push_back(1); });

  MutexLock lock(mutex);
  while (!done) changed.Wait(mutex);

  EXPECT_THAT(ran, ElementsAre(1, 2));
  EXPECT_GE(EventLoop::Clock::now(), now + milliseconds(20));
}

TEST(EventLoop, StopRunsWhatWasPostedAndDropsTimers) {
  EventLoop loop;
  bool posted = false, timed = false;
  loop.PostAt(EventLoop::Clock::now() + std::chrono::hours(1), [&] { timed = true; });
  loop.Post([&] { posted = true; });
  loop.Stop();
  EXPECT_TRUE(posted);
  EXPECT_FALSE(timed);
}

TEST(EventLoop, DropsTasksAfterStop) {
  EventLoop loop;
  loop.Stop();
  auto held = std::make_shared<int>(1);
  loop.Post([held] { FAIL(); });
  EXPECT_EQ(held.use_count(), 1);
}

TEST(EventLoop, ATasksBelongingsGoBeforeTheNextTask) {
  EventLoop loop;
  auto held = std::make_shared<int>(1);
  long users = 0;
  loop.Post([held] {});
  loop.PostAndWait([&] { users = held.use_count(); });
  EXPECT_EQ(users, 1);
}

}  // namespace
}  // namespace quire::server
