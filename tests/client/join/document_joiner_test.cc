#include "client/join/document_joiner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/output.h"
#include "tests/client/answers.h"
#include "tests/client/string_sink.h"

namespace quire::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct TestBlock {
  std::string label;
  std::string text;
  double top = 0.5;
};

// A page of blocks, one under another.
v1::PageResult PageOf(int page_number, const std::vector<TestBlock>& blocks) {
  v1::PageResult page;
  page.set_page_number(page_number);
  page.set_finish_reason(v1::FINISH_REASON_STOP);
  for (const TestBlock& block : blocks) {
    v1::Block& added = *page.add_blocks();
    added.set_label(block.label);
    added.set_text(block.text);
    added.add_boxes()->set_top(block.top);
    added.mutable_boxes(0)->set_bottom(block.top + 0.03);
    page.set_markdown(page.markdown() + block.text + "\n\n");
  }
  return page;
}

std::string Joined(const std::vector<v1::PageResult>& pages) {
  DocumentJoiner joiner;
  std::string text;
  for (const v1::PageResult& page : pages) text += joiner.Add(page);
  return text + joiner.Finish();
}

std::string Joined(const std::string& first, const std::string& second) {
  return Joined({PageOf(1, {{"text", first}}), PageOf(2, {{"text", second}})});
}

TEST(DocumentJoiner, JoinsABrokenWord) {
  EXPECT_EQ(Joined("This is compli-", "cated text."),
            "<!-- page 1 -->\n\nThis is complicated<!-- page 2, word joined --> text.\n\n");
}

TEST(DocumentJoiner, KeepsTheHyphenBeforeACapital) {
  EXPECT_THAT(Joined("in Baden-", "Baden they"), HasSubstr("in Baden-Baden<!-- page 2, word joined -->"));
}

TEST(DocumentJoiner, KeepsTheHyphenOfASharedPart) {
  EXPECT_THAT(Joined("die Vor-", "und Nachteile"),
              HasSubstr("die Vor-<!-- page 2, paragraph joined --> und Nachteile"));
}

TEST(DocumentJoiner, TakesASoftHyphenOut) {
  EXPECT_THAT(Joined("Doku\u00AD", "ment."), HasSubstr("Dokument.<!-- page 2, word joined -->"));
}

TEST(DocumentJoiner, JoinsAParagraphThatGoesOnInLowerCase) {
  EXPECT_EQ(Joined("It goes", "on and ends."),
            "<!-- page 1 -->\n\nIt goes<!-- page 2, paragraph joined --> on and ends.\n\n");
}

TEST(DocumentJoiner, KnowsLowerCaseOutsideOfAscii) {
  EXPECT_THAT(Joined("Das ist", "überall so."), HasSubstr("Das ist<!-- page 2, paragraph joined -->"));
}

TEST(DocumentJoiner, JoinsALongLineThatStopsWithinASentence) {
  const std::string line = "Am Ende der Seite stand in dieser Zeile noch lange nicht der ganze";
  EXPECT_THAT(Joined(line, "Satz."), HasSubstr("ganze<!-- page 2, paragraph joined --> Satz."));
}

TEST(DocumentJoiner, LeavesAFinishedSentenceAlone) {
  EXPECT_EQ(Joined("It ends.", "A new one."),
            "<!-- page 1 -->\n\nIt ends.\n\n<!-- page 2 -->\n\nA new one.\n\n");
}

TEST(DocumentJoiner, LeavesAHeadingAlone) {
  EXPECT_THAT(Joined({PageOf(1, {{"title", "# the end"}}), PageOf(2, {{"text", "and more"}})}),
              HasSubstr("# the end\n\n<!-- page 2 -->\n\nand more"));
}

TEST(DocumentJoiner, JoinsAroundATable) {
  EXPECT_EQ(Joined({PageOf(1, {{"text", "It goes"}, {"table_caption", "Table 1"}}),
                    PageOf(2, {{"table", "<table><tr><td>1</td></tr></table>"},
                               {"text", "on here."},
                               {"text", "Next."}})}),
            "<!-- page 1 -->\n\nIt goes<!-- page 2, paragraph joined --> on here.\n\nTable 1\n\n"
            "<table><tr><td>1</td></tr></table>\n\nNext.\n\n");
}

TEST(DocumentJoiner, JoinsAParagraphOfThreePages) {
  EXPECT_EQ(Joined({PageOf(1, {{"text", "one"}}), PageOf(2, {{"text", "two"}}),
                    PageOf(3, {{"text", "three."}})}),
            "<!-- page 1 -->\n\none<!-- page 2, paragraph joined --> two"
            "<!-- page 3, paragraph joined --> three.\n\n");
}

TEST(DocumentJoiner, DropsRunningHeadsAndPageNumbers) {
  const auto page = [](int number) {
    return PageOf(number, {{"text", "My Book · " + std::to_string(number), 0.03},
                           {"text", "Text " + std::string(1, static_cast<char>('A' + number)) + ".", 0.4},
                           {"text", "- " + std::to_string(number + 10) + " -", 0.95}});
  };
  EXPECT_EQ(Joined({page(1), page(2)}),
            "<!-- page 1, left out: My Book · 1 | - 11 - -->\n\nText B.\n\n"
            "<!-- page 2, left out: My Book · 2 | - 12 - -->\n\nText C.\n\n");
}

TEST(DocumentJoiner, DropsHeadsThatAreTheSameOnEverySecondPage) {
  const auto page = [](int number) {
    return PageOf(number, {{"text", number % 2 == 0 ? "Left" : "Right", 0.03},
                           {"text", "Body number " + std::to_string(number) + ".", 0.4}});
  };
  const std::string text = Joined({page(1), page(2), page(3), page(4)});
  EXPECT_THAT(text, HasSubstr("<!-- page 1, left out: Right -->"));
  EXPECT_THAT(text, HasSubstr("<!-- page 4, left out: Left -->"));
}

TEST(DocumentJoiner, KeepsTheTitleThatBecomesARunningHead) {
  const std::string text =
      Joined({PageOf(1, {{"title", "# My Book", 0.05}, {"text", "One.", 0.3}}),
              PageOf(2, {{"title", "# My Book", 0.05}, {"text", "Two.", 0.3}})});
  EXPECT_THAT(text, HasSubstr("<!-- page 1 -->\n\n# My Book\n\n"));
  EXPECT_THAT(text, HasSubstr("<!-- page 2, left out: # My Book -->\n\nTwo."));
}

TEST(DocumentJoiner, DropsWhatTheModelCallsAHeader) {
  EXPECT_THAT(Joined({PageOf(1, {{"header", "Only here"}, {"text", "One."}})}),
              HasSubstr("left out: Only here -->\n\nOne."));
}

TEST(DocumentJoiner, KeepsALineThatStandsOnOnePageAlone) {
  EXPECT_THAT(Joined({PageOf(1, {{"text", "Dear reader", 0.03}, {"text", "One.", 0.3}}),
                      PageOf(2, {{"text", "Two.", 0.3}})}),
              HasSubstr("Dear reader\n\n"));
}

TEST(DocumentJoiner, KeepsANumberInTheBody) {
  EXPECT_THAT(Joined({PageOf(1, {{"text", "One."}, {"text", "42", 0.5}})}), HasSubstr("\n\n42\n\n"));
}

TEST(DocumentJoiner, FindsPageNumbersWithoutBoxes) {
  v1::PageResult first;
  first.set_page_number(1);
  first.set_markdown("It goes\n\n7");
  v1::PageResult second;
  second.set_page_number(2);
  second.set_markdown("on here.\n\n8");
  EXPECT_EQ(Joined({first, second}),
            "<!-- page 1, left out: 7 -->\n\nIt goes<!-- page 2, paragraph joined, left out: 8 --> "
            "on here.\n\n");
}

TEST(DocumentJoiner, LosesNoTextThatIsInNoBlock) {
  v1::PageResult page = PageOf(1, {{"text", "In a block."}});
  page.set_markdown("Before any block.\n\nIn a block.");
  EXPECT_THAT(Joined({page}), HasSubstr("Before any block.\n\nIn a block."));
}

TEST(DocumentJoiner, DoesNotJoinOverAPageThatFailed) {
  DocumentJoiner joiner;
  std::string text = joiner.Add(PageOf(1, {{"text", "It goes"}}));
  text += joiner.AddFailed(2, "too -- large");
  text += joiner.Add(PageOf(3, {{"text", "on here."}}));
  text += joiner.Finish();
  EXPECT_EQ(text, "<!-- page 1 -->\n\nIt goes\n\n<!-- page 2, not read: too - - large -->\n\n"
                  "<!-- page 3 -->\n\non here.\n\n");
}

TEST(DocumentJoiner, DoesNotJoinToAPageThatWasCutOff) {
  v1::PageResult page = PageOf(1, {{"text", "It goes"}});
  page.set_finish_reason(v1::FINISH_REASON_LENGTH);
  EXPECT_THAT(Joined({page, PageOf(2, {{"text", "on here."}})}),
              HasSubstr("<!-- page 1, cut off before its end -->\n\nIt goes\n\n<!-- page 2 -->"));
}

TEST(DocumentJoiner, DoesNotJoinOverAPageThatWasNotReadable) {
  v1::PageResult page = PageOf(2, {});
  page.set_finish_reason(v1::FINISH_REASON_UNREADABLE);
  EXPECT_THAT(Joined({PageOf(1, {{"text", "It goes"}}), page, PageOf(3, {{"text", "on here."}})}),
              HasSubstr("It goes\n\n<!-- page 2, its text was not readable and is left out -->\n\n"
                        "<!-- page 3 -->\n\non here."));
}

TEST(DocumentJoiner, KeepsCodeWithEmptyLinesInOnePiece) {
  EXPECT_THAT(Joined({PageOf(1, {{"code", "```\na\n\nb\n```"}, {"text", "After."}})}),
              HasSubstr("```\na\n\nb\n```\n\nAfter."));
}

TEST(DocumentJoiner, CannotBeMadeToEndItsComments) {
  EXPECT_THAT(Joined({PageOf(1, {{"header", "--><script>alert(1)</script>"}, {"text", "A."}})}),
              Not(HasSubstr("--><script>")));
}

TEST(DocumentJoiner, HoldsFewPages) {
  DocumentJoiner joiner;
  size_t written = 0;
  for (int page = 1; page <= 100; ++page) {
    written += joiner.Add(PageOf(page, {{"text", std::string(1000, 'x') + "."}})).size();
  }
  EXPECT_GT(written, 95'000u);
}

TEST(JoinedWriter, WritesOneTextForADocument) {
  StringSink sink;
  const auto writer = MakeDocumentWriter(
      {.format = OutputFormat::kDocument, .several = true, .document_name = "a.pdf"}, sink);
  for (const auto& event : {Accepted(2), Page(1, "It goes"), Page(2, "on."), Summary(2)}) {
    ASSERT_TRUE(writer->OnEvent(event).ok());
  }
  ASSERT_TRUE(writer->OnEnd(absl::OkStatus()).ok());
  EXPECT_EQ(sink.written, "<!-- document a.pdf -->\n\n<!-- page 1 -->\n\n"
                          "It goes<!-- page 2, paragraph joined --> on.\n\n");
}

}  // namespace
}  // namespace quire::client
