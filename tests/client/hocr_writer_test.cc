#include "client/hocr_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/answers.h"
#include "tests/client/string_sink.h"

namespace quire::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Hocr(const std::vector<v1::RecognizeResponse>& events, const std::string& name = "a.pdf",
                 const absl::Status& outcome = absl::OkStatus()) {
  StringSink sink;
  const auto writer =
      MakeDocumentWriter({.format = OutputFormat::kHocr, .document_name = name}, sink);
  for (const auto& event : events) EXPECT_TRUE(writer->OnEvent(event).ok());
  EXPECT_TRUE(writer->OnEnd(outcome).ok());
  return sink.written;
}

v1::RecognizeResponse PageWithBlock(const std::string& label, const std::string& text) {
  v1::RecognizeResponse event = PageWithBlocks(3, {{label, text}});
  event.mutable_page_result()->set_render_dpi(150.4);
  return event;
}

TEST(Hocr, SaysWhatTheStandardAsksFor) {
  EXPECT_THAT(Hocr({Accepted(2)}),
              AllOf(HasSubstr("<meta name=\"ocr-system\" content=\"quire "),
                    HasSubstr("<meta name=\"ocr-capabilities\" content=\"ocr_page ocr_carea "),
                    HasSubstr("<meta name=\"ocr-number-of-pages\" content=\"2\"/>")));
}

TEST(Hocr, GivesPagesAndBlocksInPixels) {
  EXPECT_THAT(
      Hocr({Accepted(1), PageWithBlock("text", "two\nlines")}),
      AllOf(HasSubstr("<div class=\"ocr_page\" id=\"page_3\" title=\"image &quot;a.pdf&quot;; "
                      "bbox 0 0 1000 1400; ppageno 2; scan_res 150 150\">"),
            HasSubstr("<div class=\"ocr_carea\" id=\"block_3_1\" title=\"bbox 100 70 900 140\">\n   "
                      "<p class=\"ocr_par\" id=\"par_3_1\" title=\"bbox 100 70 900 140\">two<br/>\n"
                      "lines</p>")));
}

TEST(Hocr, KnowsKindsOfBlocks) {
  EXPECT_THAT(Hocr({PageWithBlock("title", "## Title")}),
              HasSubstr("<h2 class=\"ocr_section\" id=\"par_3_1\" title=\"bbox 100 70 900 140\">Title</h2>"));
  EXPECT_THAT(Hocr({PageWithBlock("table", "<table><tr><td>a</td><td>b</td></tr></table>")}),
              AllOf(HasSubstr("class=\"ocr_table\""), HasSubstr(">a b</div>")));
  EXPECT_THAT(Hocr({PageWithBlock("image", "")}), HasSubstr("class=\"ocr_image\""));
}

TEST(Hocr, WritesAPageWithoutLayout) {
  EXPECT_THAT(Hocr({Page(1, "only text")}), HasSubstr("<p class=\"ocr_par\" id=\"par_1_1\">only text</p>"));
}

TEST(Hocr, EscapesTextAndNames) {
  EXPECT_THAT(Hocr({PageWithBlock("text", "<script>x</script> & \x01")}, "\"><script>.pdf"),
              AllOf(HasSubstr("&lt;script&gt;x&lt;/script&gt; &amp;"), Not(HasSubstr("<script")),
                    HasSubstr("image &quot;&#39;&gt;&lt;script&gt;.pdf&quot;;")));
}

TEST(Hocr, SaysThatAPageFailed) {
  EXPECT_THAT(Hocr({Failed(2, absl::InternalError("no --> end"))}),
              AllOf(HasSubstr("id=\"page_2\""), HasSubstr("<!-- not read: no - -&gt; end -->")));
}

TEST(Hocr, SaysThatAPageWasNotReadable) {
  EXPECT_THAT(Hocr({UnreadablePage(2)}),
              HasSubstr("<!-- its text was not readable and is left out -->\n </div>"));
}

TEST(Hocr, HoldsWhatWasReadableOfAPage) {
  v1::RecognizeResponse page = Page(2, "the rest");
  page.mutable_page_result()->set_finish_reason(v1::FINISH_REASON_UNREADABLE);
  EXPECT_THAT(Hocr({page}), AllOf(HasSubstr("<!-- some of its text was not readable and is left out -->"),
                                  HasSubstr("the rest")));
}

TEST(Hocr, IsWholeForARefusedDocument) {
  EXPECT_THAT(Hocr({}, "a.doc", absl::InvalidArgumentError("no")),
              AllOf(HasSubstr("ocr-system"), HasSubstr("</body>\n</html>\n")));
}

}  // namespace
}  // namespace quire::client
