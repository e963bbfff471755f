#include "client/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/exit_code.h"
#include "proto/rich_status.h"
#include "tests/client/answers.h"
#include "tests/client/small_png.h"
#include "tests/client/string_sink.h"
#include "tests/client/temporary_folder.h"

namespace quire::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// The report of one document.
std::string Reported(const std::vector<v1::RecognizeResponse>& events,
                     const absl::Status& outcome = absl::OkStatus(),
                     const std::string& name = "a.pdf") {
  StringSink text;
  const auto writer = MakeDocumentWriter({}, text);
  auto sink = std::make_unique<StringSink>();
  const StringSink& written = *sink;
  Report report(std::move(sink));
  const auto document = report.AddDocument(name, 100, *writer);
  for (const auto& event : events) EXPECT_TRUE(document->OnEvent(event).ok());
  EXPECT_TRUE(document->OnEnd(outcome).ok());
  EXPECT_TRUE(report.Close().ok());
  return written.written;
}

TEST(Report, PutsBoxesBesideText) {
  EXPECT_THAT(Reported({Accepted(1), PageWithBlocks(1, {{"title", "# Title"}, {"text", "Text."}})}),
              AllOf(HasSubstr("viewBox=\"0 0 1000 1400\""),
                    HasSubstr("<rect class=\"box\" data-block=\"d1p1b0\" x=\"100\" y=\"70\" "
                              "width=\"800\" height=\"70\"><title>title</title></rect>"),
                    HasSubstr("id=\"d1p1b0\" data-label=\"title\" tabindex=\"0\"><h3>Title</h3>"),
                    HasSubstr("id=\"d1p1b1\" data-label=\"text\" tabindex=\"0\"><p>Text.</p>")));
}

TEST(Report, ShowsTheSecondsOfStages) {
  EXPECT_THAT(Reported({Accepted(1), Page(1, "a")}),
              AllOf(HasSubstr("<rect class=\"s8\" x=\"0.00\" width=\"100.00\" height=\"1\">"
                              "<title>decode 1.2 s</title>"),
                    HasSubstr("<p class=\"stages\">decode 1.2 s</p>")));
}

TEST(Report, ShowsFailures) {
  EXPECT_THAT(Reported({Accepted(1), Failed(4, MakeError(absl::StatusCode::kInvalidArgument,
                                                         "PAGE_TOO_LARGE", "60 <megapixels>"))}),
              AllOf(HasSubstr("<section class=\"page failed\" id=\"d1p4\""),
                    HasSubstr("60 &lt;megapixels&gt; (PAGE_TOO_LARGE, 3 attempts)"),
                    HasSubstr("<strong class=\"error\">1 failed</strong>: <a href=\"#d1p4\">")));
}

TEST(Report, SaysThatAPageWasNotReadable) {
  EXPECT_THAT(Reported({Accepted(1), UnreadablePage(1)}),
              HasSubstr("<strong class=\"error\">its text was not readable and is left out</strong>"));
}

TEST(Report, HoldsThePicturesOfPages) {
  const std::string png = SmallPng(500, 700);
  v1::RecognizeResponse first;
  first.mutable_page_image()->set_page_number(1);
  first.mutable_page_image()->set_data(png.substr(0, 20));
  v1::RecognizeResponse last = first;
  last.mutable_page_image()->set_data(png.substr(20));
  last.mutable_page_image()->set_last(true);
  EXPECT_THAT(Reported({Accepted(1), first, last, PageWithBlocks(1, {{"text", "a"}})}),
              HasSubstr("preserveAspectRatio=\"none\" href=\"data:image/jpeg;base64,/9j/"));
}

TEST(Report, DrawsABlankSheetWithoutAPicture) {
  v1::RecognizeResponse broken;
  broken.mutable_page_image()->set_page_number(1);
  broken.mutable_page_image()->set_data("no PNG");
  broken.mutable_page_image()->set_last(true);
  EXPECT_THAT(Reported({Accepted(1), broken, PageWithBlocks(1, {{"text", "a"}})}),
              AllOf(HasSubstr("<rect class=\"paper\" width=\"1000\" height=\"1400\"/>"),
                    Not(HasSubstr("<image "))));
}

TEST(Report, LosesNoTextThatIsInNoBlock) {
  auto page = PageWithBlocks(1, {{"text", "in a block"}});
  page.mutable_page_result()->set_markdown("before\n\nin a block");
  EXPECT_THAT(Reported({Accepted(1), page}), HasSubstr("<p>before</p>"));
}

TEST(Report, SaysWhyADocumentEndedEarly) {
  EXPECT_THAT(Reported({}, absl::InvalidArgumentError("<no> PDF")),
              AllOf(HasSubstr("<h1>a.pdf</h1>"), HasSubstr("<p class=\"error\">&lt;no&gt; PDF</p>")));
}

TEST(Report, EscapesWhatComesFromOutside) {
  auto page = PageWithBlocks(1, {{"\"><script>", "<script>x</script>"}});
  page.mutable_page_result()->set_model("<script>");
  page.mutable_page_result()->set_worker_id("<script>");
  const std::string html = Reported({Accepted(1), page}, absl::OkStatus(), "<script>.pdf");
  // Its own, at the end.
  EXPECT_EQ(html.find("<script>"), html.rfind("<script>"));
}

TEST(Report, LetsNothingRunButItsOwnScript) {
  EXPECT_THAT(Reported({Accepted(0)}),
              AllOf(HasSubstr("http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                              "img-src data:; style-src 'sha256-"),
                    HasSubstr("script-src 'sha256-"), Not(HasSubstr("unsafe"))));
}

TEST(Report, HandsAnswersOn) {
  StringSink text;
  const auto writer = MakeDocumentWriter({}, text);
  Report report(std::make_unique<StringSink>());
  const auto document = report.AddDocument("a.pdf", 0, *writer);
  ASSERT_TRUE(document->OnEvent(Page(1, "one")).ok());
  EXPECT_EQ(text.written, "<!-- page 1 -->\none\n\n");
}

TEST(Report, NamesTheFolderThatCannotBeMade) {
  const TemporaryFolder folder;
  folder.Write("file", "");
  const auto report = Report::Create(folder.Path("file/report.html"));
  EXPECT_EQ(ExitCodeFor(report.status()), kExitFile);
  EXPECT_THAT(std::string(report.status().message()), HasSubstr("file"));
}

}  // namespace
}  // namespace quire::client
