#include "client/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/json_format.h"
#include "tests/client/answers.h"
#include "tests/client/string_sink.h"

namespace quire::client {
namespace {

using ::testing::HasSubstr;

std::string Written(const OutputOptions& options,
                    const std::vector<v1::RecognizeResponse>& events,
                    const absl::Status& outcome = absl::OkStatus()) {
  StringSink sink;
  const auto writer = MakeDocumentWriter(options, sink);
  for (const v1::RecognizeResponse& event : events) EXPECT_TRUE(writer->OnEvent(event).ok());
  EXPECT_TRUE(writer->OnEnd(outcome).ok());
  return sink.written;
}

TEST(Output, PutsALineAboveEachPageInMarkdown) {
  EXPECT_EQ(Written({}, {Accepted(2), Page(1, "# One"), Page(2, "two\n"), Summary(2)}),
            "<!-- page 1 -->\n# One\n\n<!-- page 2 -->\ntwo\n\n");
}

TEST(Output, PutsALineAboveEachPageInText) {
  EXPECT_EQ(Written({.format = OutputFormat::kText}, {Accepted(1), Page(1, "one"), Summary(1)}),
            "--- page 1 ---\nplain one\n\n");
}

TEST(Output, NamesTheDocumentWhereThereAreSeveral) {
  EXPECT_EQ(Written({.format = OutputFormat::kText, .several = true, .document_name = "a.pdf"},
                    {Accepted(0), Summary(0)}),
            "=== a.pdf ===\n");
}

TEST(Output, WritesWhatTheModelWroteWhenRaw) {
  EXPECT_THAT(Written({.raw = true}, {Page(1, "one")}), HasSubstr("\nraw one\n"));
}

TEST(Output, SaysInItsPlaceThatAPageFailed) {
  EXPECT_EQ(Written({}, {Failed(2, absl::InvalidArgumentError("too large"))}),
            "<!-- page 2, not read: too large -->\n\n");
}

TEST(Output, SaysInItsPlaceThatAPageWasNotReadable) {
  EXPECT_EQ(Written({}, {UnreadablePage(2)}),
            "<!-- page 2, its text was not readable and is left out -->\n\n");
}

TEST(Text, SaysWhereSomeOfItWasNotReadable) {
  v1::RecognizeResponse page = Page(2, "the rest");
  page.mutable_page_result()->set_finish_reason(v1::FINISH_REASON_UNREADABLE);
  EXPECT_THAT(Written({}, {page}),
              HasSubstr("<!-- page 2, some of its text was not readable and is left out -->\nthe rest\n"));
}

TEST(Json, IsOneObjectForADocument) {
  const Json json = Json::parse(Written(
      {.format = OutputFormat::kJson, .document_name = "a.pdf"},
      {Accepted(2), Page(1, "one"), Failed(2, absl::InternalError("no")), Summary(1, 1)}));
  EXPECT_EQ(json["file"], "a.pdf");
  EXPECT_EQ(json["format"], "pdf");
  EXPECT_EQ(json["pages"].size(), 2);
  EXPECT_EQ(json["pages"][0]["markdown"], "one");
  EXPECT_EQ(json["pages"][1]["error"]["message"], "no");
  EXPECT_EQ(json["pages"][1]["error"]["code"], "INTERNAL");
  EXPECT_EQ(json["summary"]["pages_failed"], 1);
  EXPECT_EQ(json["error"], nullptr);
}

TEST(Json, IsOneLineWhereThereAreSeveralDocuments) {
  const std::string text = Written(
      {.format = OutputFormat::kJson, .several = true, .document_name = "a"}, WholeAnswer(2));
  EXPECT_EQ(text.find('\n'), text.size() - 1);
}

TEST(Json, IsWholeForARefusedDocument) {
  const Json json = Json::parse(Written({.format = OutputFormat::kJson, .document_name = "a.doc"},
                                        {}, absl::InvalidArgumentError("not a PDF")));
  EXPECT_EQ(json["file"], "a.doc");
  EXPECT_EQ(json["pages"], Json::array());
  EXPECT_EQ(json["summary"], nullptr);
  EXPECT_EQ(json["error"]["code"], "INVALID_ARGUMENT");
}

TEST(Json, IsWholeForADocumentThatEndedEarly) {
  const Json json = Json::parse(Written({.format = OutputFormat::kJson},
                                        {Accepted(2), Page(1, "one")}, absl::AbortedError("x")));
  EXPECT_EQ(json["pages"].size(), 1);
  EXPECT_EQ(json["error"]["message"], "x");
}

TEST(Json, TakesFileNamesThatAreNotUtf8) {
  const Json json = Json::parse(Written(
      {.format = OutputFormat::kJson, .document_name = "a\xFF.pdf"}, {Accepted(0), Summary(0)}));
  EXPECT_EQ(json["file"], "a\uFFFD.pdf");
}

TEST(Json, HoldsBlocksWithTheirBoxes) {
  v1::PageResult page;
  v1::Block& block = *page.add_blocks();
  block.set_label("title");
  block.add_boxes()->set_right_px(640);
  const Json json = PageToJson(page);
  EXPECT_EQ(json["blocks"][0]["label"], "title");
  EXPECT_EQ(json["blocks"][0]["boxes"][0]["right_px"], 640);
}

TEST(Json, HoldsRawOutputOnlyWhereItWasAskedFor) {
  EXPECT_FALSE(PageToJson(v1::PageResult()).contains("raw_output"));
  EXPECT_EQ(PageToJson(Page(1, "a").page_result())["raw_output"], "raw a");
}

TEST(Stream, WritesDeltasAsTheyCome) {
  StringSink sink;
  const auto writer = MakeDocumentWriter({.stream = true}, sink);
  ASSERT_TRUE(writer->OnEvent(Started(1)).ok());
  ASSERT_TRUE(writer->OnEvent(Delta(1, "Hel")).ok());
  EXPECT_EQ(sink.written, "<!-- page 1 -->\nHel");
  ASSERT_TRUE(writer->OnEvent(Delta(1, "lo")).ok());
  ASSERT_TRUE(writer->OnEvent(Page(1, "Hello")).ok());
  EXPECT_EQ(sink.written, "<!-- page 1 -->\nHello\n\n");
}

TEST(Stream, ShowsOnePageAfterAnother) {
  EXPECT_EQ(Written({.stream = true},
                    {Started(1), Started(2), Delta(1, "a"), Delta(2, "x"), Delta(1, "b"),
                     Page(1, ""), Delta(2, "y"), Page(2, "")}),
            "<!-- page 1 -->\nab\n\n<!-- page 2 -->\nxy\n\n");
}

TEST(Stream, ShowsPagesThatEndedBeforeTheirTurn) {
  EXPECT_EQ(Written({.stream = true}, {Started(1), Started(2), Delta(1, "a"), Delta(2, "x"),
                                       Page(2, ""), Page(1, "")}),
            "<!-- page 1 -->\na\n\n<!-- page 2 -->\nx\n\n");
}

TEST(Stream, BeginsAPageAnewThatIsReadAgain) {
  EXPECT_EQ(Written({.stream = true}, {Started(1), Delta(1, "ab"), Started(1, 2),
                                       Delta(1, "late", 1), Delta(1, "AB", 2), Page(1, "AB")}),
            "<!-- page 1 -->\nab\n<!-- page 1, attempt 2 -->\nAB\n\n");
}

TEST(Stream, ShowsThePageOfAServerThatSendsNoDeltas) {
  EXPECT_EQ(Written({.stream = true}, {Page(1, "one")}), "<!-- page 1 -->\none\n\n");
}

TEST(Stream, SaysThatAPageFailed) {
  EXPECT_EQ(Written({.stream = true},
                    {Started(1), Delta(1, "ab"), Failed(1, absl::InternalError("no"))}),
            "<!-- page 1 -->\nab\n<!-- page 1, not read: no -->\n\n");
}

TEST(Stream, EndsTheLineOfAPageThatWasCutOff) {
  EXPECT_EQ(Written({.stream = true}, {Started(1), Delta(1, "ab")}, absl::CancelledError("")),
            "<!-- page 1 -->\nab\n");
}

}  // namespace
}  // namespace quire::client
