#include "client/watch_screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quire::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

WatchedFront Front() {
  WatchedFront front{.address = "host:1", .state = v1::WatchStatusResponse(), .pages_per_minute = 12};
  front.state->set_ready(true);
  front.state->set_documents(1);
  front.state->set_pages_read(3);
  v1::WorkerInfo& worker = *front.state->add_workers();
  worker.set_id("cpu");
  worker.set_device("cpu");
  worker.set_model("nano");
  worker.set_state(v1::WORKER_STATE_READY);
  worker.set_slots(4);
  worker.set_slots_used(2);
  v1::OpenDocument& document = *front.state->add_open_documents();
  document.set_document_id("document-7");
  document.set_pages(40);
  document.set_pages_done(12);
  document.set_age_seconds(34);
  return front;
}

TEST(WatchScreen, ShowsQueueWorkersSlotsAndDocuments) {
  EXPECT_THAT(WatchScreen({Front()}, 24, 100),
              ElementsAre("host:1  ready  12.0 pages a minute",
                          "  documents 1  waiting 0  reading 0  read 3  failed 0",
                          "  worker cpu        ready     [#####-----] 2/4 slots  nano on cpu  0 MB  "
                          "0 restarts",
                          "  document-7    [###-------] 12/40 pages  34 s"));
}

TEST(WatchScreen, SaysWhatIsTheMatterWithAFront) {
  WatchedFront front = Front();
  front.trouble = "no server\x1b at host:1";
  front.state.reset();
  EXPECT_THAT(WatchScreen({front, {.address = "host:2"}}, 24, 100),
              ElementsAre("host:1  no server  at host:1", "host:2  connecting"));
}

TEST(WatchScreen, FitsASmallTerminal) {
  for (const std::string& line : WatchScreen({Front()}, 24, 20)) EXPECT_LE(line.size(), 20u) << line;
  const std::vector<std::string> lines = WatchScreen({Front(), Front()}, 3, 80);
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_EQ(lines[2], "... and 6 more lines");
  EXPECT_THAT(WatchScreen({Front()}, 1, 80), ElementsAre(HasSubstr("more lines")));
}

}  // namespace
}  // namespace quire::client
