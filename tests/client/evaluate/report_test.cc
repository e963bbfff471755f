#include "client/evaluate/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "client/evaluate/recommendation.h"

namespace quire::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Pages of 100 characters with so many errors.
CandidateResult Candidate(std::string name, double page_seconds, std::vector<size_t> edits) {
  CandidateResult candidate{.name = std::move(name),
                            .pdf_page_seconds = Spread{page_seconds, page_seconds, page_seconds}};
  for (size_t i = 0; i < edits.size(); ++i) {
    candidate.pages.push_back({.name = "page " + std::to_string(i),
                               .characters = {edits[i], 100},
                               .words = {edits[i], 100},
                               .normalised = {edits[i], 100},
                               .words_f1 = 1});
  }
  return candidate;
}

EvaluationReport Report(std::vector<CandidateResult> candidates) {
  return {.machine = "m", .quire_version = "1", .data_folder = "d", .runs = 3,
          .candidates = std::move(candidates), .recommendation = "Recommended: x."};
}

TEST(SpreadOf, TakesTheMiddle) {
  EXPECT_EQ(SpreadOf({3, 1, 2}).median, 2);
  EXPECT_EQ(SpreadOf({4, 1, 2, 3}).median, 2.5);
  EXPECT_EQ(SpreadOf({3, 1, 2}).most, 3);
}

TEST(SumUp, WeighsCharactersByPageLength) {
  CandidateResult candidate = Candidate("a", 1, {10, 0});
  candidate.pages[1].characters = {0, 900};
  candidate.pages[0].tables = 0.5;
  const auto sum = SumUp(candidate.pages);
  EXPECT_DOUBLE_EQ(sum->character_error_rate, 0.01);
  EXPECT_DOUBLE_EQ(sum->page_error_rate.median, 0.05);
  EXPECT_DOUBLE_EQ(*sum->tables, 0.5);
}

TEST(ScorePage, ScoresTablesOnlyWhereTheTruthHasThem) {
  EXPECT_FALSE(ScorePage("p", "text", "<table><tr><td>x</td></tr></table>").tables.has_value());
  EXPECT_EQ(*ScorePage("p", "<table><tr><td>x</td></tr></table>", "x").tables, 0);
}

TEST(Recommend, TakesTheFasterOfEquals) {
  EXPECT_EQ(Recommend({Candidate("A", 2.3, {1, 2, 3}), Candidate("B", 1, {2, 1, 3})}),
            "Recommended: B. Against A: same accuracy within noise (wrong characters 2.0 % and 2.0 "
            "%), 2.3 x faster.");
}

TEST(Recommend, TakesFewerErrorsOverSpeed) {
  EXPECT_EQ(Recommend({Candidate("A", 1, {20, 21, 22}), Candidate("B", 2, {1, 2, 3})}),
            "Recommended: B. Against A: fewer errors (wrong characters 2.0 % and 21.0 %), 2.0 x "
            "slower.");
}

TEST(Recommend, DecidesBySpeedWithoutTruths) {
  EXPECT_EQ(Recommend({Candidate("A", 2, {}), Candidate("B", 1, {})}),
            "Recommended: B. Against A: accuracy was not compared, 2.0 x faster.");
}

TEST(Recommend, HasNoChoiceWithOneOrNone) {
  CandidateResult away = Candidate("B", 1, {});
  away.failure = "no server";
  EXPECT_EQ(Recommend({Candidate("A", 1, {1}), away}), "No choice: A alone was measured.");
  EXPECT_EQ(Recommend({away}), "No recommendation: no candidate was measured.");
}

TEST(FormatReport, WritesNoNumberThatIsNone) {
  CandidateResult candidate = Candidate("A", std::numeric_limits<double>::quiet_NaN(), {1});
  candidate.load_seconds = std::numeric_limits<double>::infinity();
  const EvaluationReport report = Report({candidate});
  for (const ReportFormat format : {ReportFormat::kMarkdown, ReportFormat::kCsv,
                                    ReportFormat::kJson, ReportFormat::kHtml}) {
    EXPECT_THAT(FormatReport(report, format), Not(HasSubstr("nan")));
    EXPECT_THAT(FormatReport(report, format), Not(HasSubstr("inf,")));
  }
  const auto json = nlohmann::json::parse(FormatReport(report, ReportFormat::kJson));
  EXPECT_TRUE(json["candidates"][0]["load_seconds"].is_null());
  EXPECT_TRUE(json["candidates"][0]["pdf_page_seconds"]["median"].is_null());
}

TEST(FormatReport, SaysWhyACandidateWasNotMeasured) {
  CandidateResult away{.name = "B", .failure = "not here | type: x"};
  const EvaluationReport report = Report({Candidate("A", 1, {1}), away});
  EXPECT_THAT(FormatReport(report, ReportFormat::kMarkdown),
              HasSubstr("| state | measured | not here \\| type: x |"));
  EXPECT_THAT(FormatReport(report, ReportFormat::kMarkdown),
              HasSubstr("| PDF, seconds a page | 1.00 (1.00 to 1.00) | – |"));
}

TEST(FormatReport, WritesARowForEachCandidateAsCsv) {
  EXPECT_THAT(FormatReport(Report({Candidate("A \"x\"", 1.5, {1})}), ReportFormat::kCsv),
              HasSubstr("\n\"A \"\"x\"\"\",\"measured\",,,,,,,,1.5,,,0,1,1,1,0.01,1,\n"));
}

TEST(FormatReport, EscapesWhatHtmlWouldRead) {
  const std::string page =
      FormatReport(Report({Candidate("<script>", 1, {1})}), ReportFormat::kHtml);
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("<script>")));
  EXPECT_THAT(page, HasSubstr("style=\"width:6.00em\""));
}

}  // namespace
}  // namespace quire::client
