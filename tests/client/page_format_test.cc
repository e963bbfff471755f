#include "client/page_format.h"

#include <gtest/gtest.h>

namespace quire::client {
namespace {

TEST(Printable, KeepsText) { EXPECT_EQ(Printable("Größe 3 €, 😀"), "Größe 3 €, 😀"); }

TEST(Printable, MakesOneLineWithoutControls) {
  EXPECT_EQ(Printable("a\nb\x1b[2J\x7f\xC2\x9B"), "a b [2J  ");
}

TEST(Printable, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(Printable("a\xFFz\xE2\x82"), "a\uFFFDz\uFFFD\uFFFD");
  EXPECT_EQ(Printable("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
}

TEST(PageHeading, IsACommentInMarkdown) {
  EXPECT_EQ(PageHeading(3, OutputFormat::kMarkdown), "<!-- page 3 -->\n");
}

TEST(PageHeading, IsALineOfDashesInText) {
  EXPECT_EQ(PageHeading(3, OutputFormat::kText, "attempt 2"), "--- page 3, attempt 2 ---\n");
}

TEST(PageHeading, CannotBeEndedByItsNote) {
  EXPECT_EQ(PageHeading(3, OutputFormat::kMarkdown, "bad --> here"),
            "<!-- page 3, bad - -> here -->\n");
}

TEST(PageBody, IsWhatTheFormatAsksFor) {
  v1::PageResult page;
  page.set_markdown("**a**");
  page.set_text("a");
  page.set_raw_output("<|ref|>");
  EXPECT_EQ(PageBody(page, OutputFormat::kMarkdown, false), "**a**");
  EXPECT_EQ(PageBody(page, OutputFormat::kText, false), "a");
  EXPECT_EQ(PageBody(page, OutputFormat::kText, true), "<|ref|>");
}

}  // namespace
}  // namespace quire::client
