// The real program against servers that give prepared answers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

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

class Evaluate : public ::testing::Test {
 protected:
  Evaluate() {
    std::filesystem::create_directory(folder_.Path("data"));
    folder_.Write("data/a.png", "bytes");
    folder_.Write("data/a.md", "text 1");
  }
  QuireOptions Call(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"evaluate", "--data", folder_.Path("data")});
    return {.arguments = std::move(arguments)};
  }
  // A program of this name that PATH leads to.
  std::string Program(const std::string& name, const std::string& script) const {
    const std::string path = folder_.Write(name, "#!/bin/sh\n" + script + "\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return "PATH=" + folder_.Path("") + ":/usr/bin:/bin";
  }

  const TemporaryFolder folder_;
};

TEST_F(Evaluate, ComparesServers) {
  const FakeOcrServer right({{.events = WholeAnswer(1)}});
  const FakeOcrServer wrong({{.events = {Accepted(1), Page(1, "tent 2"), Summary(1)}}});
  const QuireResult result = RunQuire(Call(
      {"--servers", right.address() + "," + wrong.address(), "-f", "json", "--runs", "2"}));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const json report = json::parse(result.out);
  EXPECT_EQ(report["candidates"][0]["accuracy"]["character_error_rate"], 0);
  EXPECT_NEAR(report["candidates"][1]["accuracy"]["character_error_rate"], 2.0 / 6, 1e-9);
  EXPECT_EQ(report["candidates"][0]["version"], "quire-server 9.8.7");
  EXPECT_THAT(report["recommendation"].get<std::string>(),
              HasSubstr("Recommended: " + right.address()));
  EXPECT_EQ(right.received().size(), 3u);  // once to warm up
}

TEST_F(Evaluate, StartsAServerForEachModelAndWritesEveryFormat) {
  std::filesystem::copy(QUIRE_BINARIES "/quire", folder_.Path("quire"));
  std::filesystem::copy(QUIRE_FAKE_SERVER, folder_.Path("quire-server"));
  std::filesystem::create_directory(folder_.Path("model"));
  folder_.Write("model/config.json", "{}");
  QuireOptions call = Call({"--models", folder_.Path("model") + ",deepseek-ocr", "--runs", "1",
                            "-o", folder_.Path("out")});
  call.environment = {"QUIRE_FAKE_JOURNAL=" + folder_.Path("journal"),
                      "HOME=" + folder_.Path("")};
  call.program = folder_.Path("quire");
  const QuireResult result = RunQuire(call);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("type: quire models pull deepseek-ocr |"));
  EXPECT_THAT(folder_.Read("journal"), HasSubstr("--model stopped by signal 15"));
  EXPECT_EQ(folder_.Read("out/evaluation.md"), result.out);
  EXPECT_THAT(folder_.Read("out/evaluation.csv"), HasSubstr("candidate,state,"));
  EXPECT_EQ(json::parse(folder_.Read("out/evaluation.json"))["candidates"].size(), 2u);
  EXPECT_THAT(folder_.Read("out/evaluation.html"), HasSubstr("<!DOCTYPE html>"));
}

TEST_F(Evaluate, HasAnExitCodeForNothingButMissingModels) {
  QuireOptions call = Call({"--models", "deepseek-ocr"});
  call.environment = {"HOME=" + folder_.Path("")};
  const QuireResult result = RunQuire(call);
  EXPECT_EQ(result.exit_code, 8);
  EXPECT_THAT(result.out, HasSubstr("No recommendation"));
}

TEST_F(Evaluate, GoesOnWithoutAServerThatIsAway) {
  const FakeOcrServer server({{.events = WholeAnswer(1)}});
  const QuireResult result = RunQuire(
      Call({"--servers", "unix:" + folder_.Path("none.sock") + "," + server.address()}));
  EXPECT_EQ(result.exit_code, 6);
  EXPECT_THAT(result.err, HasSubstr("none.sock: no server at unix:"));
  EXPECT_THAT(result.out, HasSubstr("| wrong characters, % | – | 0.00 |"));
}

TEST_F(Evaluate, HasAnExitCodeForPagesThatWereNotRead) {
  const FakeOcrServer server(
      {{.events = {Accepted(1),
                   Failed(1, MakeError(absl::StatusCode::kInvalidArgument, "X", "too large")),
                   Summary(0, 1)}}});
  const QuireResult result = RunQuire(Call({"--servers", server.address()}));
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_THAT(result.err, HasSubstr("a.png: page 1 was not read: too large"));
}

TEST_F(Evaluate, RunsTesseract) {
  QuireOptions call = Call({"--with-tesseract", "--tesseract-language", "eng+deu", "-f", "json"});
  call.environment = {Program(
      "tesseract", R"([ "$1" = --version ] && echo "tesseract 5.9" || echo "text 1 $3 $4 $5 $6")")};
  folder_.Write("data/a.md", "text 1 -l eng+deu --psm 3");
  // What the stand-in prints are its own arguments: IMAGE stdout -l LANGUAGE --psm 3.
  const QuireResult result = RunQuire(call);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const json candidate = json::parse(result.out)["candidates"][0];
  EXPECT_EQ(candidate["version"], "tesseract 5.9");
  EXPECT_EQ(candidate["accuracy"]["character_error_rate"], 0);
  EXPECT_GT(candidate["host_bytes"], 0);
}

TEST_F(Evaluate, GivesTesseractThePagesThatAServerDrew) {
  std::filesystem::remove(folder_.Path("data/a.png"));
  folder_.Write("data/a.pdf", "bytes");
  v1::RecognizeResponse image;
  image.mutable_page_image()->set_page_number(1);
  image.mutable_page_image()->set_data("text 1");
  const FakeOcrServer server({{.events = {Accepted(1), image, Page(1, "x"), Summary(1)}}});
  QuireOptions call = Call({"--servers", server.address(), "--with-tesseract", "-f", "json"});
  call.environment = {Program("tesseract", R"([ "$1" = --version ] && echo "t 1" || cat "$1")")};
  const QuireResult result = RunQuire(call);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(json::parse(result.out)["candidates"][1]["accuracy"]["character_error_rate"], 0);
}

TEST_F(Evaluate, SaysHowToGetTesseract) {
  QuireOptions call = Call({"--with-tesseract"});
  call.environment = {"PATH=/nowhere"};
  const QuireResult result = RunQuire(call);
  EXPECT_EQ(result.exit_code, 8);
  EXPECT_THAT(result.err, HasSubstr("apt-get install tesseract-ocr"));
}

TEST_F(Evaluate, SaysWhatTesseractSays) {
  QuireOptions call = Call({"--with-tesseract", "--tesseract-language", "xx"});
  call.environment = {Program(
      "tesseract", R"([ "$1" = --version ] && echo "t 1" || { echo "no xx" >&2; exit 1; })")};
  const QuireResult result = RunQuire(call);
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_THAT(result.err, HasSubstr("a.png: tesseract failed: no xx"));
}

TEST_F(Evaluate, WritesWhatIsDoneWhenCancelled) {
  const FakeOcrServer done({{.events = WholeAnswer(1)}});
  const FakeOcrServer hangs({{.events = {Accepted(1)}, .hang = true}});
  QuireProcess quire(Call({"--servers", done.address() + "," + hangs.address()}));
  ASSERT_TRUE(quire.WaitForError(done.address() + ": reading a.png"));
  // The second server's warm-up says nothing: its call is what a cancel ends.
  while (hangs.received().empty()) std::this_thread::yield();
  quire.Signal(SIGINT);
  EXPECT_EQ(quire.Wait(), 130);
  EXPECT_THAT(quire.out(), HasSubstr("| wrong characters, % | 0.00 | – |"));
}

TEST_F(Evaluate, SaysThatItsFolderCannotBeWritten) {
  const FakeOcrServer server({{.events = WholeAnswer(1)}});
  const QuireResult result =
      RunQuire(Call({"--servers", server.address(), "-o", folder_.Path("data/a.png")}));
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("cannot create the folder"));
}

TEST_F(Evaluate, AsksForFreeText) {
  const FakeOcrServer server({{.events = WholeAnswer(1)}});
  const QuireResult result = RunQuire(Call({"--servers", server.address(), "--task", "free-text"}));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(server.received()[0].options.task(), v1::TASK_FREE_TEXT);
  EXPECT_THAT(result.out, HasSubstr("Task: free-text."));
}

TEST_F(Evaluate, SaysThatTheDiskIsFull) {
  const FakeOcrServer server({{.events = WholeAnswer(1)}});
  const QuireResult result = RunQuire(
      {.arguments = {"-c", QUIRE_BINARIES "/quire evaluate --data " + folder_.Path("data") +
                               " --servers " + server.address() + " >/dev/full"},
       .program = "/bin/sh"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("cannot write standard output: No space left on device"));
}

TEST_F(Evaluate, EndsQuietlyWhenNobodyReadsItsOutput) {
  const FakeOcrServer server({{.events = WholeAnswer(1)}});
  QuireProcess quire(Call({"--servers", server.address(), "--quiet"}));
  quire.CloseOutput();
  EXPECT_EQ(quire.Wait(), 141);
  EXPECT_EQ(quire.err(), "");
}

TEST_F(Evaluate, SaysWhichTruthHasNoPage) {
  folder_.Write("data/b.md", "truth");
  const QuireResult result = RunQuire(Call({"--models", "nano"}));
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("b.md has no page"));
}

TEST_F(Evaluate, NamesTheFlagThatIsWrong) {
  EXPECT_THAT(RunQuire({.arguments = {"evaluate", "--models", "a"}}).err, HasSubstr("--data"));
  EXPECT_THAT(RunQuire(Call({})).err, HasSubstr("nothing to evaluate"));
  EXPECT_THAT(RunQuire(Call({"--models", "a", "--runs", "0"})).err, HasSubstr("--runs is 0"));
  EXPECT_THAT(RunQuire(Call({"--servers", "x"})).err, HasSubstr("--servers names 'x'"));
  EXPECT_EQ(RunQuire(Call({"--models", "a", "--runs", "0"})).exit_code, 2);
}

TEST_F(Evaluate, ImportsOmniDocBench) {
  const std::string annotations = folder_.Write(
      "o.json", R"([{"layout_dets": [{"order": 1, "text": "text 1"}],
                     "page_info": {"image_path": "a.png"}}])");
  const QuireResult result =
      RunQuire({.arguments = {"evaluate", "import", annotations, "--images", folder_.Path("data"),
                              "-d", folder_.Path("made")}});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(folder_.Read("made/a.md"), "text 1\n\n");
}

}  // namespace
}  // namespace quire::client
