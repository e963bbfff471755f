// The real program around a call: local servers, status, watch, help.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/client/fake_ocr_server.h"
#include "tests/client/quire_process.h"
#include "tests/client/temporary_folder.h"

namespace quire::client {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

class QuireProgram : public ::testing::Test {
 protected:
  const TemporaryFolder folder_;
  const std::string document_ = folder_.Write("a.pdf", "%PDF some bytes");
};

TEST_F(QuireProgram, StartsAServerForOneCall) {
  std::filesystem::copy(QUIRE_BINARIES "/quire", folder_.Path("quire"));
  std::filesystem::copy(QUIRE_FAKE_SERVER, folder_.Path("quire-server"));
  const QuireResult result =
      RunQuire({.arguments = {"recognise", document_, "--local"},
                .environment = {"QUIRE_FAKE_JOURNAL=" + folder_.Path("journal")},
                .program = folder_.Path("quire")});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("text 2"));
  EXPECT_EQ(folder_.Read("journal"),
            "--listen --metrics-listen --ready-file stopped by signal 15\n");
}

TEST_F(QuireProgram, ShowsWhyTheLocalServerDidNotStart) {
  std::filesystem::copy(QUIRE_BINARIES "/quire", folder_.Path("quire"));
  std::filesystem::copy(QUIRE_FAKE_SERVER, folder_.Path("quire-server"));
  const QuireResult result = RunQuire({.arguments = {"recognise", document_, "--local"},
                                       .environment = {"QUIRE_FAKE_FAILS=1"},
                                       .program = folder_.Path("quire")});
  EXPECT_EQ(result.exit_code, 6);
  EXPECT_THAT(result.err, AllOf(HasSubstr("ended with exit code 78"), HasSubstr("no such model")));
}

TEST_F(QuireProgram, SaysThatThereIsNoServerProgram) {
  std::filesystem::copy(QUIRE_BINARIES "/quire", folder_.Path("quire"));
  const QuireResult result = RunQuire({.arguments = {"recognise", document_, "--local"},
                                       .environment = {"PATH=/nowhere"},
                                       .program = folder_.Path("quire")});
  EXPECT_EQ(result.exit_code, 6);
  EXPECT_THAT(result.err, HasSubstr("cannot start quire-server: No such file"));
}

TEST_F(QuireProgram, ShowsStatus) {
  const FakeOcrServer server({FakeAnswer()});
  const QuireResult result = RunQuire({.arguments = {"status", "--server", server.address()}});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, AllOf(HasSubstr("quire-server 9.8.7"), HasSubstr("nano")));
}

TEST_F(QuireProgram, ShowsStatusAsJson) {
  const FakeOcrServer server({FakeAnswer()});
  const QuireResult result =
      RunQuire({.arguments = {"status", "--json", "--server", server.address()}});
  EXPECT_EQ(json::parse(result.out)["models"][0]["key"], "nano");
}

TEST_F(QuireProgram, HasNoStatusWithoutAServer) {
  const QuireResult result =
      RunQuire({.arguments = {"status", "--server", "unix:" + folder_.Path("none.sock")}});
  EXPECT_EQ(result.exit_code, 6);
  EXPECT_THAT(result.err, HasSubstr("start one with quire-server"));
}

TEST_F(QuireProgram, WatchesUntilCtrlC) {
  const FakeOcrServer server({FakeAnswer()});
  QuireProcess quire({.arguments = {"watch", "--server", server.address()}});
  ASSERT_TRUE(quire.WaitForOutput("read 7"));
  quire.Signal(SIGINT);
  EXPECT_EQ(quire.Wait(), 0);
  EXPECT_TRUE(server.WaitUntilCancelled());
}

TEST_F(QuireProgram, ListsExitCodesInItsHelp) {
  EXPECT_THAT(RunQuire({.arguments = {"--help"}}).out, HasSubstr("  4    the server refused"));
  EXPECT_THAT(RunQuire({.arguments = {"recognise", "--help"}}).out, HasSubstr("  130  cancelled"));
}

TEST_F(QuireProgram, TellsItsVersion) {
  EXPECT_EQ(RunQuire({.arguments = {"--version"}}).out, "quire " QUIRE_VERSION "\n");
}

TEST_F(QuireProgram, EndsWithTwoOnAWrongCommandLine) {
  EXPECT_EQ(RunQuire({.arguments = {"recognise", document_, "--pages", "x"}}).exit_code, 2);
  EXPECT_EQ(RunQuire({.arguments = {"recognise"}}).exit_code, 2);
}

}  // namespace
}  // namespace quire::client
