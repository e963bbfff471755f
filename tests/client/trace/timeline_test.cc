#include "client/trace/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace quire::client {
namespace {

using ::testing::ElementsAre;

// Waits 0.5 s, is drawn for 0.25 s, and is with the worker from 1 s to 3 s.
v1::PageResult Page(int number, double queued_seconds) {
  v1::PageResult page;
  page.set_page_number(number);
  page.set_worker_id("cpu");
  page.set_queued_seconds(queued_seconds);
  page.set_total_seconds(3);
  v1::StageStarts& starts = *page.mutable_starts();
  v1::StageSeconds& seconds = *page.mutable_seconds();
  starts.set_render(0.5);
  seconds.set_render(0.25);
  starts.set_transfer(1);
  seconds.set_transfer(0.25);
  starts.set_vision(1.25);
  seconds.set_vision(0.25);
  starts.set_decode(2);
  seconds.set_decode(0.5);
  return page;
}

TracedDocument Document(std::vector<v1::PageResult> pages) {
  TracedDocument document{.name = "a.pdf", .pages = std::move(pages)};
  document.summary.set_total_seconds(4);
  document.summary.mutable_seconds()->set_upload(0.5);
  return document;
}

// "name begin-end" in microseconds of the slices in a row.
std::vector<std::string> Row(const Json& trace, int process, int thread) {
  std::vector<std::string> slices;
  for (const Json& event : trace["traceEvents"]) {
    if (event["ph"] != "X" || event["pid"] != process || event["tid"] != thread) continue;
    const auto begin = std::llround(event["ts"].get<double>());
    const auto end = begin + std::llround(event["dur"].get<double>());
    slices.push_back(event["name"].get<std::string>() + " " + std::to_string(begin) + "-" +
                     std::to_string(end));
  }
  return slices;
}

TEST(Timeline, DrawsAPageWithItsWaiting) {
  EXPECT_THAT(Row(TimelineOf(Document({Page(1, 0)})), 1000, 1),
              ElementsAre("queue 0-500000", "render 500000-750000", "queue 750000-1000000",
                          "transfer 1000000-1250000", "vision 1250000-2000000",
                          "decode 2000000-3000000"));
}

TEST(Timeline, GivesPagesThatShareAWorkerRowsOfTheirOwn) {
  const Json trace = TimelineOf(Document({Page(1, 0), Page(2, 1), Page(3, 2)}));
  EXPECT_THAT(Row(trace, 3, 1), ElementsAre("transfer 1000000-1250000", "vision 1250000-2000000",
                                            "decode 2000000-3000000", "transfer 3000000-3250000",
                                            "vision 3250000-4000000", "decode 4000000-5000000"));
  EXPECT_THAT(Row(trace, 3, 2), ElementsAre("transfer 2000000-2250000", "vision 2250000-3000000",
                                            "decode 3000000-4000000"));
}

TEST(Timeline, DrawsRendersAndTheUpload) {
  const Json trace = TimelineOf(Document({Page(1, 0)}));
  EXPECT_THAT(Row(trace, 2, 1), ElementsAre("render 500000-750000"));
  EXPECT_THAT(Row(trace, 1, 1), ElementsAre("upload -500000-0", "read 0-4000000"));
}

TEST(Timeline, CountsWaitingPages) {
  std::map<double, int> waiting;
  const Json trace = TimelineOf(Document({Page(1, 0), Page(2, 0)}));
  for (const Json& event : trace["traceEvents"]) {
    if (event["ph"] == "C") waiting[event["ts"].get<double>() / 1e6] = event["args"]["pages"];
  }
  EXPECT_EQ(waiting, (std::map<double, int>{{0, 2}, {0.5, 0}, {0.75, 2}, {1, 0}}));
}

TEST(Timeline, DrawsAPageWhoseStagesAreNotToldAsOne) {
  v1::PageResult page = Page(1, 1);
  page.clear_starts();
  EXPECT_THAT(Row(TimelineOf(Document({page})), 1000, 1), ElementsAre("page 1000000-4000000"));
}

TEST(Timeline, MarksPagesThatFailed) {
  TracedDocument document = Document({});
  document.failures.emplace_back().seconds = 2;
  document.failures.back().page.set_page_number(7);
  int marks = 0;
  const Json trace = TimelineOf(document);
  for (const Json& event : trace["traceEvents"]) {
    if (event["ph"] == "i" && event["name"] == "page 7 failed" && event["ts"] == 2e6) ++marks;
  }
  EXPECT_EQ(marks, 1);
}

}  // namespace
}  // namespace quire::client
