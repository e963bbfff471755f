// The real program's commands that measure, on a server that gives prepared answers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "proto/rich_status.h"
#include "tests/client/answers.h"
#include "tests/client/fake_ocr_server.h"
#include "tests/client/quire_process.h"
#include "tests/client/temporary_folder.h"

namespace quire::client {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Measuring : public ::testing::Test {
 protected:
  QuireResult Run(const FakeOcrServer& server, std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--server", server.address()});
    return RunQuire({.arguments = std::move(arguments)});
  }
  const TemporaryFolder folder_;
  const std::string a_ = folder_.Write("a.pdf", "%PDF a"), b_ = folder_.Write("b.pdf", "%PDF b");
};

TEST_F(Measuring, BenchCountsWhatWasRead) {
  const FakeOcrServer server({{.events = WholeAnswer(2)}});
  const QuireResult result = Run(server, {"bench", a_, "--documents", "6", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json run = json::parse(result.out);
  EXPECT_EQ(run["pages_read"], 12);
  EXPECT_EQ(run["documents"].size(), 6u);
  EXPECT_EQ(run["errors"], json::object());
  EXPECT_EQ(result.err, "");
}

TEST_F(Measuring, BenchSendsFilesAsOftenAsTheMixSays) {
  const FakeOcrServer server({{.events = WholeAnswer(1)}});
  const QuireResult result = Run(server, {"bench", a_, b_, "--mix", "2,1", "--documents", "6",
                                          "--concurrency", "1", "--max-tokens", "50"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  int of_b = 0;
  for (const ReceivedDocument& document : server.received()) {
    if (document.bytes == "%PDF b") ++of_b;
    EXPECT_EQ(document.options.max_tokens_per_page(), 50);
  }
  EXPECT_EQ(of_b, 2);
}

TEST_F(Measuring, BenchCountsErrorsByReason) {
  const FakeOcrServer server(
      {{.events = WholeAnswer(1)},
       {.status = MakeError(absl::StatusCode::kInvalidArgument, "PDF_DAMAGED", "no PDF")}});
  const QuireResult result =
      Run(server, {"bench", a_, "--documents", "3", "--concurrency", "1", "--json"});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_EQ(json::parse(result.out)["errors"]["PDF_DAMAGED"], 2);
}

TEST_F(Measuring, BenchEndsInTimeWhileAServerHangs) {
  const FakeOcrServer server({{.events = {Accepted(2), Page(1, "one")}, .hang = true}});
  const QuireResult result = Run(
      server, {"bench", a_, "--seconds", "0.5", "--warm-up-seconds", "0", "--concurrency", "2"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("2 pages read, 0 failed"));
}

TEST_F(Measuring, BenchStopsAtCtrlC) {
  const FakeOcrServer server({FakeAnswer{.hang = true}});
  QuireProcess quire({.arguments = {"bench", a_, "--seconds", "600", "--server", server.address()},
                      .stderr_is_terminal = true});
  ASSERT_TRUE(quire.WaitForError("bench: 0 of 600 s"));
  quire.Signal(SIGINT);
  EXPECT_EQ(quire.Wait(), 130);
  EXPECT_EQ(quire.out(), "");
}

TEST_F(Measuring, BenchComparesTwoRuns) {
  const FakeOcrServer server({{.events = WholeAnswer(2)}});
  const std::vector<std::string> arguments = {"bench", a_, "--documents", "6", "--json"};
  const std::string run = folder_.Write("run.json", Run(server, arguments).out);
  const QuireResult same = RunQuire({.arguments = {"bench", "--compare", run, "--with", run}});
  EXPECT_EQ(same.exit_code, 0) << same.err;
  EXPECT_THAT(same.out, AllOf(HasSubstr("pages a second"), HasSubstr("no difference shown")));
  const QuireResult after = Run(server, {"bench", a_, "--documents", "2", "--compare", run});
  EXPECT_THAT(after.out, HasSubstr("95 % interval"));
}

TEST_F(Measuring, BenchRefusesAFileThatIsNoRunBeforeItBegins) {
  const FakeOcrServer server({{.events = WholeAnswer(2)}});
  const QuireResult result = Run(server, {"bench", a_, "--compare", a_});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("no run of quire bench --json"));
  EXPECT_TRUE(server.received().empty());
}

TEST_F(Measuring, BenchSaysWhatIsWrongWithItsFlags) {
  const auto complaint = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "bench");
    const QuireResult result = RunQuire({.arguments = std::move(arguments)});
    EXPECT_EQ(result.exit_code, 2) << result.err;
    return result.err;
  };
  EXPECT_THAT(complaint({}), HasSubstr("FILE is missing"));
  EXPECT_THAT(complaint({"-"}), HasSubstr("sent again and again"));
  EXPECT_THAT(complaint({a_, b_, "--mix", "1"}), HasSubstr("--mix has 1 numbers for 2 files"));
  EXPECT_THAT(complaint({a_, "--concurrency", "0"}), HasSubstr("--concurrency is 0: use 1 to 256"));
  EXPECT_THAT(complaint({a_, "--seconds", "nan"}), HasSubstr("--seconds is nan"));
  EXPECT_THAT(complaint({"--with", "x"}), HasSubstr("--with needs --compare"));
}

TEST_F(Measuring, BenchSaysThatThereIsNoServerOrNoFile) {
  const std::string nowhere = "unix:" + folder_.Path("none.sock");
  EXPECT_EQ(RunQuire({.arguments = {"bench", a_, "--server", nowhere}}).exit_code, 6);
  const FakeOcrServer server({{.events = WholeAnswer(2)}});
  EXPECT_EQ(Run(server, {"bench", folder_.Path("none.pdf")}).exit_code, 3);
}

TEST_F(Measuring, TraceWritesATimeline) {
  const FakeOcrServer server({{.events = WholeAnswer(2)}});
  const std::string path = folder_.Path("trace.json");
  const QuireResult result = Run(server, {"trace", a_, "-o", path});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json trace = json::parse(folder_.Read("trace.json"));
  EXPECT_GT(trace["traceEvents"].size(), 6u);
  EXPECT_FALSE(server.received()[0].options.ordered());
}

TEST_F(Measuring, TraceOfAFailedPageHasAnExitCodeOfItsOwn) {
  const FakeOcrServer server(
      {{.events = {Accepted(1), Failed(1, absl::InternalError("no")), Summary(0, 1)}}});
  const QuireResult result = Run(server, {"trace", a_});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_THAT(result.out, StartsWith("{\"traceEvents\":"));
}

TEST_F(Measuring, TraceSaysThatItCannotWrite) {
  const FakeOcrServer server({{.events = WholeAnswer(1)}});
  const QuireResult result = Run(server, {"trace", a_, "-o", a_ + "/trace.json"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("a.pdf"));
}

TEST_F(Measuring, ProfileMeasuresAlternatives) {
  const FakeOcrServer server({{.events = WholeAnswer(2)}});
  const QuireResult result = Run(server, {"profile", a_, "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json profile = json::parse(result.out);
  EXPECT_GT(profile["base"]["pages_per_second"], 0);
  EXPECT_THAT(result.out, HasSubstr("\"kind\":\"batch\""));
}

TEST_F(Measuring, ProfileDoesNotGoOnWithWhatIsFarTooSlow) {
  std::filesystem::copy(QUIRE_BINARIES "/quire", folder_.Path("quire"));
  std::filesystem::copy(QUIRE_FAKE_SERVER, folder_.Path("quire-server"));
  const QuireResult result =
      RunQuire({.arguments = {"profile", "--local", a_},
                .environment = {"QUIRE_FAKE_JOURNAL=" + folder_.Path("journal")},
                .program = folder_.Path("quire")});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out,
              ContainsRegex("--dtype=bf16 +too slow to go on with: [0-9.]+ pages a second"));
}

TEST_F(Measuring, WatchNamesEachOfSeveralServers) {
  const FakeOcrServer one({FakeAnswer()}), two({FakeAnswer()});
  QuireProcess quire(
      {.arguments = {"watch", "--json", "--servers", one.address() + "," + two.address()}});
  EXPECT_TRUE(quire.WaitForOutput(one.address()));
  EXPECT_TRUE(quire.WaitForOutput(two.address()));
  quire.Signal(SIGINT);
  EXPECT_EQ(quire.Wait(), 0);
}

TEST_F(Measuring, StatusGoesOnWithWatch) {
  const FakeOcrServer server({FakeAnswer()});
  QuireProcess quire({.arguments = {"status", "--watch", "--server", server.address()}});
  EXPECT_TRUE(quire.WaitForOutput("read 7"));
  quire.Signal(SIGINT);
  EXPECT_EQ(quire.Wait(), 0);
}

}  // namespace
}  // namespace quire::client
