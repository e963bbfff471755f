#include "client/html/markdown_html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/html/escape.h"

namespace quire::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(EscapeHtml, LeavesNoMarkup) {
  EXPECT_EQ(EscapeHtml("<a href=\"x\" id='y'>&"), "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;");
}

TEST(EscapeHtml, LeavesNothingThatXmlForbids) {
  EXPECT_EQ(EscapeHtml("a\x01\x1B b\n\tc\xFF\xEF\xBF\xBE"), "a   b\n\tc\uFFFD\uFFFD");
}

TEST(MarkdownToHtml, RendersTextAndHeadings) {
  EXPECT_EQ(MarkdownToHtml("# Title\n\n**bold** text"),
            "<h3>Title</h3>\n<p><strong>bold</strong> text</p>\n");
}

TEST(MarkdownToHtml, MakesTablesAnew) {
  EXPECT_EQ(MarkdownToHtml("<table border=1 onclick='x()'><tr><td colspan=\"2\" style='x'>a<b>c</td>"
                           "</tr><tr><td>1 &lt; 2</td><td><script>x()</script></td></tr></table>"),
            "<table><tr><td colspan=\"2\">ac</td></tr><tr><td>1 &lt; 2</td><td>x()</td></tr>"
            "</table>\n");
}

TEST(MarkdownToHtml, BoundsSpans) {
  EXPECT_THAT(MarkdownToHtml("<table><tr><td colspan=\"999\">a</td></tr></table>"),
              HasSubstr("colspan=\"100\""));
}

TEST(MarkdownToHtml, RendersTablesWithPipes) {
  EXPECT_THAT(MarkdownToHtml("| a | b |\n|---|---|\n| 1 | 2 |"),
              AllOf(HasSubstr("<th>a</th>"), HasSubstr("<td>2</td>")));
}

TEST(MarkdownToHtml, KeepsFormulasAsTheyAre) {
  EXPECT_EQ(MarkdownToHtml(R"(So \( a_1 * b_2 < c \) holds.)"),
            "<p>So <span class=\"math\">\\( a_1 * b_2 &lt; c \\)</span> holds.</p>\n");
  EXPECT_THAT(MarkdownToHtml("\\[ x `y` \\]"), HasSubstr("<span class=\"math\">\\[ x `y` \\]</span>"));
  EXPECT_THAT(MarkdownToHtml("$$a\nb$$"), HasSubstr("<span class=\"math\">$$a b$$</span>"));
}

TEST(MarkdownToHtml, LeavesABracketThatIsNotClosed) {
  EXPECT_EQ(MarkdownToHtml("a \\( b"), "<p>a ( b</p>\n");
}

TEST(MarkdownToHtml, ShowsHtmlAsText) {
  EXPECT_EQ(MarkdownToHtml("a <script>alert(1)</script> b"),
            "<p>a &lt;script&gt;alert(1)&lt;/script&gt; b</p>\n");
  EXPECT_THAT(MarkdownToHtml("<script>\nalert(1)\n</script>\n"),
              AllOf(HasSubstr("&lt;script&gt;"), Not(HasSubstr("<script"))));
  EXPECT_THAT(MarkdownToHtml("<iframe src=x></iframe>\n\n<svg/onload=x()>"), Not(HasSubstr("<iframe")));
  EXPECT_THAT(MarkdownToHtml("<sub onclick=x()>2</sub>"), Not(HasSubstr("<sub onclick")));
}

TEST(MarkdownToHtml, KeepsLineBreaksAndIndices) {
  EXPECT_EQ(MarkdownToHtml("H<sub>2</sub>O<br>x"), "<p>H<sub>2</sub>O<br />\nx</p>\n");
}

TEST(MarkdownToHtml, LeadsNowhere) {
  EXPECT_EQ(MarkdownToHtml("[text](http://evil.example/ \"t\")"), "<p>text (http://evil.example/)</p>\n");
  EXPECT_THAT(MarkdownToHtml("![alt](http://evil.example/x.png) <http://evil.example/>"),
              AllOf(Not(HasSubstr("<img")), Not(HasSubstr("<a "))));
  EXPECT_THAT(MarkdownToHtml("[x](javascript:alert(1))"), Not(HasSubstr("href")));
}

TEST(MarkdownToHtml, TakesDeepNesting) {
  EXPECT_THAT(MarkdownToHtml(std::string(20'000, '>') + "x"), HasSubstr("x"));
  EXPECT_THAT(MarkdownToHtml(std::string(300'000, '[')), HasSubstr("<pre>["));
}

TEST(MarkdownToText, TakesMarkupAway) {
  EXPECT_EQ(MarkdownToText("## A *b*\n\n- one\n- two\n\nH<sub>2</sub>O, \\(a_1\\)"),
            "A b\none\ntwo\nH2O, \\(a_1\\)\n");
  EXPECT_EQ(MarkdownToText("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>"),
            "a b\nc\n");
}

}  // namespace
}  // namespace quire::client
