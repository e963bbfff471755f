// The real program against a server that gives prepared answers.

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
using ::testing::HasSubstr;
using ::testing::SizeIs;

// A document, and `quire` with the flags that name the server.
class Quire : public ::testing::Test {
 protected:
  QuireOptions Call(const FakeOcrServer& server, std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "recognise");
    arguments.insert(arguments.end(), {"--server", server.address()});
    return {.arguments = std::move(arguments)};
  }

  const TemporaryFolder folder_;
  const std::string document_ = folder_.Write("a.pdf", "%PDF some bytes");
};

absl::Status Busy() {
  return WithRetryAfter(
      MakeError(absl::StatusCode::kResourceExhausted, "QUEUE_FULL", "256 of 256 pages wait"), 0.05);
}

TEST_F(Quire, PrintsMarkdown) {
  const FakeOcrServer server({{.events = WholeAnswer(2)}});
  const QuireResult result = RunQuire(Call(server, {document_}));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "<!-- page 1 -->\ntext 1\n\n<!-- page 2 -->\ntext 2\n\n");
  EXPECT_EQ(result.err, "");
}

TEST_F(Quire, PrintsText) {
  const FakeOcrServer server({{.events = WholeAnswer(1)}});
  const QuireResult result = RunQuire(Call(server, {document_, "--format", "text"}));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "--- page 1 ---\nplain text 1\n\n");
}

TEST_F(Quire, PrintsJson) {
  const FakeOcrServer server({{.events = WholeAnswer(2)}});
  const QuireResult result = RunQuire(Call(server, {document_, "--format", "json"}));
  EXPECT_EQ(result.exit_code, 0);
  const json document = json::parse(result.out);
  EXPECT_EQ(document["file"], document_);
  EXPECT_THAT(document["pages"], SizeIs(2));
  EXPECT_EQ(document["pages"][1]["text"], "plain text 2");
  EXPECT_EQ(document["summary"]["seconds"]["decode"], 1.25);
}

TEST_F(Quire, PrintsALineOfJsonForEachOfSeveralDocuments) {
  const FakeOcrServer server({{.events = WholeAnswer(1)}});
  const QuireResult result = RunQuire(Call(server, {document_, document_, "--format", "json"}));
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 2);
  EXPECT_EQ(json::parse(result.out.substr(0, result.out.find('\n')))["pages"][0]["markdown"],
            "text 1");
}

TEST_F(Quire, SendsOptionsAndBytes) {
  const FakeOcrServer server({{.events = WholeAnswer(1)}});
  const std::string large = folder_.Write("large.pdf", std::string(600'000, 'x'));
  RunQuire(Call(server, {large, "--pages", "1-3,7", "--mode", "base", "--unordered"}));
  ASSERT_THAT(server.received(), SizeIs(1));
  const ReceivedDocument document = server.received()[0];
  EXPECT_EQ(document.options.page_ranges(), "1-3,7");
  EXPECT_EQ(document.options.mode(), v1::MODE_BASE);
  EXPECT_FALSE(document.options.ordered());
  EXPECT_EQ(document.bytes, std::string(600'000, 'x'));
  EXPECT_EQ(document.largest_chunk_bytes, 256 * 1024);
}

TEST_F(Quire, ReadsAnswersWhileItSends) {
  // The server takes no document before its own 16 MiB are taken: more than any buffer between.
  FakeAnswer answer = {.events = WholeAnswer(1)};
  answer.early_events.assign(64, Delta(1, std::string(256 * 1024, 'x')));
  const FakeOcrServer server({answer});
  const std::string large = folder_.Write("large.pdf", std::string(16 << 20, 'x'));
  EXPECT_EQ(RunQuire(Call(server, {large})).exit_code, 0);
  EXPECT_THAT(server.received()[0].bytes, SizeIs(16 << 20));
}

TEST_F(Quire, ReadsStandardInput) {
  const FakeOcrServer server({{.events = WholeAnswer(1)}});
  QuireOptions call = Call(server, {"-", "-f", "json"});
  call.input = "bytes from a pipe";
  const QuireResult result = RunQuire(call);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(json::parse(result.out)["file"], "standard input");
  EXPECT_EQ(server.received()[0].bytes, "bytes from a pipe");
}

TEST_F(Quire, TakesFileNamesThatAreNotUtf8) {
  const FakeOcrServer server({{.events = WholeAnswer(1)}});
  const std::string odd = folder_.Write("a\xFF.pdf", "x");
  const QuireResult result = RunQuire(Call(server, {odd, "-f", "json"}));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(json::parse(result.out)["file"], folder_.Path("a\uFFFD.pdf"));
}

TEST_F(Quire, WritesAFileForEachDocument) {
  const FakeOcrServer server({{.events = WholeAnswer(1)}});
  const std::string other = folder_.Write("a.png", "y");
  const QuireResult result =
      RunQuire(Call(server, {document_, other, "-o", folder_.Path("out"), "-f", "text"}));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(folder_.Read("out/a.txt"), "--- page 1 ---\nplain text 1\n\n");
  EXPECT_EQ(folder_.Read("out/a-2.txt"), "--- page 1 ---\nplain text 1\n\n");
  EXPECT_TRUE(std::filesystem::exists(folder_.Path("out/.quire")));  // what --resume goes by
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.Path("out")), {}), 3);
}

TEST_F(Quire, StreamsText) {
  const FakeOcrServer server({{.events = {Accepted(1), Started(1), Delta(1, "He")}, .hang = true}});
  QuireProcess quire(Call(server, {document_, "--stream"}));
  EXPECT_TRUE(quire.WaitForOutput("<!-- page 1 -->\nHe"));
  EXPECT_TRUE(server.received()[0].options.stream_text());
}

TEST_F(Quire, SaysThatAPageIsReadAgain) {
  const FakeOcrServer server({{.events = {Accepted(1), Started(1), Delta(1, "He"), Started(1, 2),
                                          Delta(1, "Ho", 2), Page(1, "Ho"), Summary(1)}}});
  const QuireResult result = RunQuire(Call(server, {document_, "--stream"}));
  EXPECT_EQ(result.out, "<!-- page 1 -->\nHe\n<!-- page 1, attempt 2 -->\nHo\n\n");
  EXPECT_THAT(result.err, HasSubstr("page 1 is read again (attempt 2)"));
}

TEST_F(Quire, EndsWithASummary) {
  const FakeOcrServer server({{.events = WholeAnswer(2)}});
  const QuireResult result = RunQuire(Call(server, {document_, "--summary"}));
  EXPECT_THAT(result.err, AllOf(HasSubstr("2 pages read, 0 failed, 2 s (60.0 pages a minute)"),
                                HasSubstr("decode           1.250")));
}

TEST_F(Quire, NamesPagesThatFailed) {
  const FakeOcrServer server(
      {{.events = {Accepted(2), Page(1, "one"),
                   Failed(2, MakeError(absl::StatusCode::kInvalidArgument, "PAGE_TOO_LARGE",
                                       "the page has 60 megapixels; the limit is 50")),
                   Summary(1, 1)}}});
  const QuireResult result = RunQuire(Call(server, {document_, "-f", "json"}));
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_THAT(result.err, HasSubstr("a.pdf: page 2 was not read: the page has 60 megapixels"));
  EXPECT_EQ(json::parse(result.out)["pages"][1]["error"]["reason"], "PAGE_TOO_LARGE");
}

TEST_F(Quire, SaysWhichPagesWereNotReadable) {
  const FakeOcrServer server({{.events = {Accepted(2), Page(1, "one"), UnreadablePage(2), Summary(2)}}});
  const QuireResult result = RunQuire(Call(server, {document_, "-f", "json"}));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("a.pdf: page 2: its text was not readable and is left out; "
                                    "--raw shows what was written"));
  EXPECT_EQ(json::parse(result.out)["pages"][1]["finish_reason"], "unreadable");
}

TEST_F(Quire, GivesTheServersSentenceForARefusedDocument) {
  const FakeOcrServer server({{.status = MakeError(absl::StatusCode::kFailedPrecondition,
                                                   "PDF_ENCRYPTED", "give a password")}});
  const QuireResult result = RunQuire(Call(server, {document_, "-o", folder_.Path("out")}));
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_EQ(result.err, "quire: " + document_ + ": give a password\n");
  EXPECT_TRUE(std::filesystem::is_empty(folder_.Path("out")));
}

TEST_F(Quire, StopsSendingWhenTheServerRefuses) {
  const FakeOcrServer server(
      {{.status = MakeError(absl::StatusCode::kInvalidArgument, "TOO_LARGE", "too large"),
        .refuse_at_once = true}});
  const std::string large = folder_.Write("large.pdf", std::string(64 << 20, 'x'));
  EXPECT_EQ(RunQuire(Call(server, {large})).exit_code, 4);
  EXPECT_EQ(server.received()[0].bytes, "");
}

TEST_F(Quire, TriesAgainWhileTheServerIsBusy) {
  const FakeOcrServer server({{.status = Busy()}, {.status = Busy()}, {.events = WholeAnswer(1)}});
  const QuireResult result = RunQuire(Call(server, {document_}));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("256 of 256 pages wait; trying again in 0.0"));
  ASSERT_THAT(server.received(), SizeIs(3));
  EXPECT_EQ(server.received()[2].bytes, "%PDF some bytes");
}

TEST_F(Quire, GivesUpWhenTheServerStaysBusy) {
  const FakeOcrServer server({{.status = Busy()}});
  const QuireResult result = RunQuire(Call(server, {document_, "--retries", "2"}));
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(server.received(), SizeIs(3));
}

TEST_F(Quire, SaysHowToGetAServer) {
  const QuireResult result = RunQuire(
      {.arguments = {"recognise", document_, "--server", "unix:" + folder_.Path("none.sock")}});
  EXPECT_EQ(result.exit_code, 6);
  EXPECT_EQ(result.err, "quire: no server at unix:" + folder_.Path("none.sock") +
                            ": start one with quire-server, name another with --server, or use "
                            "--local to start one for this call\n");
}

TEST_F(Quire, SaysWhichFileCannotBeRead) {
  const FakeOcrServer server({{.events = WholeAnswer(1)}});
  const QuireResult result = RunQuire(Call(server, {folder_.Path("none.pdf")}));
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.err,
            "quire: cannot read " + folder_.Path("none.pdf") + ": No such file or directory\n");
}

TEST_F(Quire, SaysThatAFolderIsNoDocument) {
  const FakeOcrServer server({{.events = WholeAnswer(1)}});
  const QuireResult result = RunQuire(Call(server, {folder_.Path("")}));
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("Is a directory"));
}

TEST_F(Quire, GoesOnWithTheOtherDocuments) {
  const FakeOcrServer server(
      {{.status = MakeError(absl::StatusCode::kInvalidArgument, "NOT_A_DOCUMENT", "no PDF")},
       {.events = WholeAnswer(1)}});
  const QuireResult result =
      RunQuire(Call(server, {document_, document_, folder_.Path("none.pdf")}));
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.out, HasSubstr("text 1"));
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("2 of 3 documents were not read in full:\n"),
                    HasSubstr("\n  " + document_ + ": no PDF\n"), HasSubstr("none.pdf: cannot")));
}

TEST_F(Quire, SaysThatTheAnswerHasNoSummary) {
  const FakeOcrServer server({{.events = {Accepted(2), Page(1, "one")}}});
  const QuireResult result = RunQuire(Call(server, {document_}));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("without a summary: pages may be missing (1 of 2 pages done)"));
}

TEST_F(Quire, SaysThatAPageIsMissing) {
  const FakeOcrServer server({{.events = {Accepted(2), Page(1, "one"), Summary(1)}}});
  const QuireResult result = RunQuire(Call(server, {document_}));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("answered for 1 of 2 pages"));
}

TEST_F(Quire, SaysThatAPageCameTwice) {
  const FakeOcrServer server({{.events = {Accepted(2), Page(1, "one"), Page(1, "one")}}});
  const QuireResult result = RunQuire(Call(server, {document_}));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("answered twice for page 1"));
}

TEST_F(Quire, GivesADocumentUpAfterItsTime) {
  const FakeOcrServer server({{.events = {Accepted(1)}, .hang = true}});
  const QuireResult result = RunQuire(Call(server, {document_, "--timeout-seconds", "0.3"}));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("not done after 0.3 s (--timeout-seconds)"));
  EXPECT_TRUE(server.WaitUntilCancelled());
}

TEST_F(Quire, CancelsOnCtrlC) {
  const FakeOcrServer server({{.events = {Accepted(2), Page(1, "one")}, .hang = true}});
  QuireProcess quire(Call(server, {document_}));
  ASSERT_TRUE(quire.WaitForOutput("one"));
  quire.Signal(SIGINT);
  EXPECT_EQ(quire.Wait(), 130);
  EXPECT_THAT(quire.err(), HasSubstr("cancelled (1 of 2 pages done)"));
  EXPECT_TRUE(server.WaitUntilCancelled());
}

TEST_F(Quire, EndsAtOnceOnASecondCtrlC) {
  // It stands in the middle of a page that nobody reads.
  const FakeOcrServer server(
      {{.events = {Accepted(2), Page(1, std::string(2 << 20, 'x'))}, .hang = true}});
  QuireProcess quire(Call(server, {document_}));
  ASSERT_TRUE(quire.WaitForOutput("x"));
  quire.Signal(SIGINT);
  ASSERT_TRUE(server.WaitUntilCancelled());
  quire.Signal(SIGINT);
  EXPECT_EQ(quire.WaitUnread(), 130);
}

TEST_F(Quire, KeepsFinishedPagesWhenCancelled) {
  const FakeOcrServer server({{.events = {Accepted(2), Page(1, "one"), Started(2, 2)},
                               .hang = true}});
  QuireProcess quire(Call(server, {document_, "-o", folder_.Path("out")}));
  ASSERT_TRUE(quire.WaitForError("page 2 is read again"));
  quire.Signal(SIGTERM);
  EXPECT_EQ(quire.Wait(), 130);
  EXPECT_EQ(folder_.Read("out/a.partial.md"), "<!-- page 1 -->\none\n\n");
  EXPECT_EQ(folder_.Read("out/a.md"), "(none)");
}

TEST_F(Quire, EndsJsonWellWhenCancelled) {
  const FakeOcrServer server({{.events = {Accepted(2), Page(1, "one")}, .hang = true}});
  QuireProcess quire(Call(server, {document_, "-f", "json"}));
  ASSERT_TRUE(quire.WaitForOutput("one"));
  quire.Signal(SIGINT);
  EXPECT_EQ(quire.Wait(), 130);
  EXPECT_EQ(json::parse(quire.out())["error"]["message"], "cancelled");
}

TEST_F(Quire, CancelsWhileItWaitsForStandardInput) {
  const FakeOcrServer server({{.events = WholeAnswer(1)}, {.events = WholeAnswer(1)}});
  QuireOptions call = Call(server, {document_, "-"});
  call.open_input = true;
  QuireProcess quire(call);
  ASSERT_TRUE(quire.WaitForOutput("text 1"));
  quire.Signal(SIGINT);
  EXPECT_EQ(quire.Wait(), 130);
}

TEST_F(Quire, EndsQuietlyWhenNobodyReadsItsOutput) {
  // More than a pipe holds, so that it meets the closed end.
  const FakeOcrServer server({{.events = {Accepted(2), Page(1, "first"),
                                          Page(2, std::string(2 << 20, 'x')), Summary(2)}}});
  QuireProcess quire(Call(server, {document_}));
  ASSERT_TRUE(quire.WaitForOutput("first"));
  quire.CloseOutput();
  EXPECT_EQ(quire.Wait(), 141);
  EXPECT_EQ(quire.err(), "");
}

TEST_F(Quire, ShowsProgressOnATerminalAlone) {
  const FakeOcrServer server({{.events = {Accepted(2), Page(1, "one")}, .hang = true}});
  QuireOptions call = Call(server, {document_, "-o", folder_.Path("out")});
  call.stderr_is_terminal = true;
  QuireProcess quire(call);
  EXPECT_TRUE(quire.WaitForError(": 1 of 2 pages, ")) << quire.err();
}

}  // namespace
}  // namespace quire::client
