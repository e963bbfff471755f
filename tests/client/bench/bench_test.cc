// What a bench makes of its samples.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/bench/bench_json.h"
#include "client/bench/bench_text.h"
#include "client/bench/bottleneck.h"
#include "client/bench/compare.h"
#include "client/exit_code.h"
#include "tests/client/temporary_folder.h"

namespace quire::client {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// One document of one page, ended `at` seconds after the begin.
DocumentSample OnePage(double at, double page_seconds) {
  PageSample page{.ended_seconds = at, .tokens = 100, .total_seconds = page_seconds};
  page.stage_seconds[1] = 0.5 * page_seconds;   // queue
  page.stage_seconds[6] = 0.15 * page_seconds;  // vision
  page.stage_seconds[8] = 0.35 * page_seconds;  // decode
  return {.first_page_seconds = page_seconds, .pages = {page}};
}

// Pages that end one after another, each after so many seconds, some faster and some slower.
BenchRun RunOf(double page_seconds) {
  BenchRun run{.quire_version = "1.2.3",
               .machine = "a machine",
               .workers = {"nano on cpu"},
               .load = "1 documents at once"};
  while (run.seconds < 60) {
    const double seconds = page_seconds * (0.9 + 0.03 * (5 * run.documents.size() % 7));
    run.seconds += seconds;
    run.documents.push_back(OnePage(run.seconds, seconds));
  }
  return run;
}

v1::DecodeProfile ProfileOf(int steps) {
  v1::DecodeProfile profile;
  profile.set_steps(steps);
  profile.set_attention_seconds(0.3 * steps);
  profile.set_experts_seconds(0.5 * steps);
  profile.set_other_seconds(0.2 * steps);
  return profile;
}

v1::GetServerInfoResponse InfoWith(int steps) {
  v1::GetServerInfoResponse info;
  v1::WorkerInfo& worker = *info.add_workers();
  worker.set_id("cpu");
  *worker.mutable_decode_profile() = ProfileOf(steps);
  return info;
}

TEST(Percentiles, AreThoseOfTheNearestRank) {
  std::vector<double> samples;
  for (int i = 100; i >= 1; --i) samples.push_back(i);
  const Percentiles found = PercentilesOf(samples);
  EXPECT_EQ(found.p50, 50);
  EXPECT_EQ(found.p90, 90);
  EXPECT_EQ(found.p99, 99);
}

TEST(Percentiles, OfOneSampleAreIt) { EXPECT_EQ(PercentilesOf({7}).p99, 7); }

TEST(BottleneckLine, NamesStagesAndWaiting) {
  EXPECT_EQ(BottleneckLine(RunOf(1)),
            "decode 70 %, vision 30 %; pages waited for 50 % of their time");
}

TEST(BottleneckLine, TellsDecodingByPartWhereItWasTimed) {
  BenchRun run = RunOf(1);
  run.decode = ProfileOf(10);
  EXPECT_THAT(BottleneckLine(run), HasSubstr("decode 70 %, of which experts 35 %, attention 21 %, "
                                             "other 14 %; vision 30 %;"));
  run.on_host = false;
  EXPECT_THAT(BottleneckLine(run), HasSubstr("host gap 14 %"));
}

TEST(BottleneckLine, SaysThatThereIsNone) {
  EXPECT_EQ(BottleneckLine(BenchRun()), "no page was read");
}

TEST(DecodeBetween, CountsWhatCameInBetween) {
  const auto between = DecodeBetween(InfoWith(10), InfoWith(25));
  ASSERT_TRUE(between.has_value());
  EXPECT_EQ(between->steps(), 15);
  EXPECT_NEAR(between->experts_seconds(), 7.5, 1e-9);
}

TEST(DecodeBetween, CountsAllOfAWorkerThatWasStartedAgain) {
  EXPECT_EQ(DecodeBetween(InfoWith(10), InfoWith(4))->steps(), 4);
}

TEST(DecodeBetween, IsNothingWhereNoStepsAreTimed) {
  EXPECT_FALSE(DecodeBetween(v1::GetServerInfoResponse(), v1::GetServerInfoResponse()).has_value());
}

TEST(CompareRuns, ShowsADifferenceThatIsThere) {
  const std::vector<Change> changes = CompareRuns(RunOf(1), RunOf(0.5));
  ASSERT_EQ(changes.size(), 5u);
  EXPECT_NEAR(changes[0].ratio, 2, 0.05);
  EXPECT_TRUE(changes[0].shown());
  EXPECT_THAT(FormatChanges(changes), Not(HasSubstr("worse")));
}

TEST(CompareRuns, ShowsNoneBetweenTwoRunsAlike) {
  for (const Change& change : CompareRuns(RunOf(1), RunOf(1.001))) {
    EXPECT_FALSE(change.shown()) << change.name;
  }
}

TEST(CompareRuns, HasNothingToSayOfARunWithoutPages) {
  EXPECT_THAT(FormatChanges(CompareRuns(RunOf(1), BenchRun())), HasSubstr("nothing to compare"));
}

TEST(BenchJson, ComesBackAsItWent) {
  const TemporaryFolder folder;
  const BenchRun run = RunOf(1);
  const auto read = ReadBench(folder.Write("run.json", Dump(BenchToJson(run))));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(PageSeconds(*read), PageSeconds(run));
  EXPECT_EQ(FirstPageSeconds(*read), FirstPageSeconds(run));
  EXPECT_EQ(TotalsOf(*read).tokens_per_second, TotalsOf(run).tokens_per_second);
}

TEST(ReadBench, SaysWhatAFileIsNot) {
  const TemporaryFolder folder;
  for (const char* text : {"", "[1]", "{}", "{\"bench\": 1}", "{\"bench\": 1, \"seconds\": []}",
                           "{\"bench\": \"one\"}"}) {
    const auto read = ReadBench(folder.Write("run.json", text));
    EXPECT_EQ(ExitCodeFor(read.status()), kExitFile) << text;
    EXPECT_THAT(std::string(read.status().message()), HasSubstr("no run of quire bench --json"));
  }
}

TEST(FormatBench, NamesRatesStagesAndErrors) {
  BenchRun run = RunOf(1);
  run.errors["QUEUE_FULL"] = 3;
  const std::string text = FormatBench(run);
  EXPECT_THAT(text, HasSubstr("101 tokens a second; 61 pages read, 0 failed"));
  EXPECT_THAT(text, HasSubstr("\n  decode           0.3"));
  EXPECT_THAT(text, HasSubstr("\nerrors: QUEUE_FULL 3\n"));
}

}  // namespace
}  // namespace quire::client
