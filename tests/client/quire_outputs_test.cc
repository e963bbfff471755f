// What the real program leaves in an output folder: formats, the report, resuming, watching.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "tests/client/answers.h"
#include "tests/client/fake_ocr_server.h"
#include "tests/client/quire_process.h"
#include "tests/client/temporary_folder.h"

namespace quire::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class QuireOutputs : public ::testing::Test {
 protected:
  QuireOptions Call(const FakeOcrServer& server, std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "recognise");
    arguments.insert(arguments.end(), {"--server", server.address(), "-o", folder_.Path("out")});
    return {.arguments = std::move(arguments)};
  }

  const TemporaryFolder folder_;
  const std::string document_ = folder_.Write("a.pdf", "%PDF some bytes");
};

TEST_F(QuireOutputs, WritesHocrAndAReport) {
  const FakeOcrServer server(
      {{.events = {Accepted(1), PageWithBlocks(1, {{"title", "# Title"}}), Summary(1)}}});
  const QuireResult result =
      RunQuire(Call(server, {document_, "-f", "hocr", "--report", folder_.Path("report.html")}));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(folder_.Read("out/a.hocr"), HasSubstr("<h1 class=\"ocr_chapter\""));
  EXPECT_THAT(folder_.Read("report.html"), HasSubstr("<h3>Title</h3>"));
  const v1::RecognizeOptions options = server.received()[0].options;
  EXPECT_FALSE(options.omit_blocks());
  EXPECT_TRUE(options.include_page_image());
}

TEST_F(QuireOutputs, ReportsDocumentsThatWereRefused) {
  const FakeOcrServer server({{.status = absl::InvalidArgumentError("no <PDF>")}});
  const QuireResult result =
      RunQuire(Call(server, {document_, "--report", folder_.Path("report.html")}));
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(folder_.Read("report.html"), HasSubstr("no &lt;PDF&gt;"));
}

TEST_F(QuireOutputs, SaysThatAReportCannotBeWritten) {
  const FakeOcrServer server({{.events = WholeAnswer(1)}});
  const QuireResult result = RunQuire(Call(server, {document_, "--report", document_ + "/r.html"}));
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("quire: cannot create"));
  EXPECT_THAT(server.received(), SizeIs(0));
}

TEST_F(QuireOutputs, ResumesAfterACancel) {
  const FakeOcrServer server(
      {{.events = {Accepted(3), Page(1, "one"), Page(2, "two")}, .hang = true},
       {.events = {Accepted(1), Page(3, "three"), Summary(1)}}});
  {
    QuireProcess first(Call(server, {document_}));
    // The page is in the record before it is in the output.
    while (folder_.Read("out/.quire/a.md.pages").find("two") == std::string::npos) usleep(10'000);
    first.Signal(SIGINT);
    EXPECT_EQ(first.Wait(), 130);
  }
  const QuireResult result = RunQuire(Call(server, {document_, "--resume"}));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(server.received()[1].options.page_ranges(), "3");
  EXPECT_EQ(folder_.Read("out/a.md"),
            "<!-- page 1 -->\none\n\n<!-- page 2 -->\ntwo\n\n<!-- page 3 -->\nthree\n\n");
}

TEST_F(QuireOutputs, ReadsOnlyPagesAgainThatFailed) {
  const FakeOcrServer server(
      {{.events = {Accepted(2), Failed(1, absl::InternalError("no")), Page(2, "two"), Summary(1, 1)}},
       {.events = {Accepted(1), Page(1, "one"), Summary(1)}}});
  EXPECT_EQ(RunQuire(Call(server, {document_})).exit_code, 5);
  EXPECT_EQ(RunQuire(Call(server, {document_, "--resume"})).exit_code, 0);
  EXPECT_EQ(server.received()[1].options.page_ranges(), "1");
  EXPECT_THAT(folder_.Read("out/a.md"), AllOf(HasSubstr("one"), HasSubstr("two")));
}

TEST_F(QuireOutputs, SkipsWhatWasReadInFull) {
  const FakeOcrServer server({{.events = WholeAnswer(1)}});
  RunQuire(Call(server, {document_}));
  const QuireResult again = RunQuire(Call(server, {document_, "--resume"}));
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_THAT(again.err, HasSubstr("a.pdf: was read already, into "));
  EXPECT_THAT(server.received(), SizeIs(1));
}

TEST_F(QuireOutputs, ReadsAgainWhatHasChanged) {
  const FakeOcrServer server({{.events = WholeAnswer(1)}});
  RunQuire(Call(server, {document_}));
  folder_.Write("a.pdf", "%PDF another");
  RunQuire(Call(server, {document_, "--resume"}));
  EXPECT_THAT(server.received(), SizeIs(2));
}

TEST_F(QuireOutputs, ReadsWhatIsPutIntoAFolder) {
  const FakeOcrServer server({{.events = WholeAnswer(1)}});
  std::filesystem::create_directory(folder_.Path("in"));
  folder_.Write("in/first.pdf", "x");
  QuireProcess quire(Call(server, {"--watch", folder_.Path("in"), "--summary"}));
  ASSERT_TRUE(quire.WaitForError("written to " + folder_.Path("out/first.pdf.md")));
  folder_.Write("in/second.png", "y");
  ASSERT_TRUE(quire.WaitForError("written to " + folder_.Path("out/second.png.md")));
  quire.Signal(SIGINT);
  EXPECT_EQ(quire.Wait(), 0);
}

TEST_F(QuireOutputs, SaysThatTheWatchedFolderIsNotThere) {
  const FakeOcrServer server({{.events = WholeAnswer(1)}});
  const QuireResult result = RunQuire(Call(server, {"--watch", "/no/such/folder"}));
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("cannot read the folder /no/such/folder"));
}

}  // namespace
}  // namespace quire::client
