#include "client/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

namespace quire::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ParsedConfig Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "quire");
  return ParseConfig(static_cast<int>(arguments.size()), arguments.data());
}

std::string Complaint(const std::vector<const char*>& arguments) {
  testing::internal::CaptureStderr();
  const ParsedConfig parsed = Parse(arguments);
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(parsed.exit_code, 2);
  return text;
}

TEST(Config, TakesFilesAndFlags) {
  const ParsedConfig parsed = Parse({"recognise", "a.pdf", "-", "--pages", "1-3,7", "-f", "json",
                                     "-o", "out", "--unordered", "--server", "unix:/x"});
  ASSERT_FALSE(parsed.exit_code.has_value());
  EXPECT_EQ(parsed.config.command, Command::kRecognise);
  EXPECT_EQ(parsed.config.server, "unix:/x");
  EXPECT_THAT(parsed.config.recognise.files, ElementsAre("a.pdf", "-"));
  EXPECT_EQ(parsed.config.recognise.pages, "1-3,7");
  EXPECT_EQ(parsed.config.recognise.format, OutputFormat::kJson);
  EXPECT_EQ(parsed.config.recognise.output_folder, "out");
  EXPECT_FALSE(parsed.config.recognise.ordered);
}

TEST(Config, HasDefaults) {
  const ParsedConfig parsed = Parse({"recognize", "a.pdf"});
  ASSERT_FALSE(parsed.exit_code.has_value());
  EXPECT_EQ(parsed.config.server, "127.0.0.1:50051");
  EXPECT_EQ(parsed.config.recognise.format, OutputFormat::kMarkdown);
  EXPECT_TRUE(parsed.config.recognise.ordered);
}

TEST(Config, TakesVariablesWhereNoFlagIsGiven) {
  setenv("QUIRE_SERVER", "host:1", 1);
  setenv("QUIRE_FORMAT", "text", 1);
  setenv("QUIRE_QUIET", "true", 1);
  const ParsedConfig parsed = Parse({"recognise", "a.pdf", "--format", "json"});
  unsetenv("QUIRE_SERVER");
  unsetenv("QUIRE_FORMAT");
  unsetenv("QUIRE_QUIET");
  ASSERT_FALSE(parsed.exit_code.has_value());
  EXPECT_EQ(parsed.config.server, "host:1");
  EXPECT_EQ(parsed.config.recognise.format, OutputFormat::kJson);
  EXPECT_TRUE(parsed.config.recognise.quiet);
}

TEST(Config, LeavesTheServersModelVariableAlone) {
  setenv("QUIRE_MODEL", "/models/x", 1);
  const ParsedConfig parsed = Parse({"recognise", "a.pdf"});
  unsetenv("QUIRE_MODEL");
  EXPECT_EQ(parsed.config.recognise.model, "");
}

TEST(Config, NamesTheFlagWhoseValueIsWrong) {
  EXPECT_THAT(Complaint({"recognise", "a", "--pages", "one"}), HasSubstr("--pages is 'one'"));
  EXPECT_THAT(Complaint({"recognise", "a", "--dpi", "9"}), HasSubstr("--dpi is 9: use 36 to 1200"));
  EXPECT_THAT(Complaint({"recognise", "a", "--mode", "huge"}), HasSubstr("--mode"));
  EXPECT_THAT(Complaint({"recognise", "a", "--format", "xml"}), HasSubstr("--format"));
  EXPECT_THAT(Complaint({"recognise", "a", "--max-tokens", "-1"}), HasSubstr("--max-tokens is -1"));
  EXPECT_THAT(Complaint({"recognise", "a", "--timeout-seconds", "-1"}),
              HasSubstr("--timeout-seconds is -1"));
  EXPECT_THAT(Complaint({"recognise", "a", "--server", "host"}), HasSubstr("--server is 'host'"));
  EXPECT_THAT(Complaint({"watch", "--interval-seconds", "0"}),
              HasSubstr("--interval-seconds is 0"));
}

TEST(Config, RefusesWhatDoesNotGoTogether) {
  EXPECT_THAT(Complaint({"recognise", "a", "--stream", "-o", "out"}), HasSubstr("--stream"));
  EXPECT_THAT(Complaint({"recognise", "a", "--stream", "-f", "json"}), HasSubstr("--stream"));
  EXPECT_THAT(Complaint({"recognise", "-", "-"}), HasSubstr("standard input"));
  EXPECT_THAT(Complaint({"recognise", "a", "--task", "locate"}), HasSubstr("--locate TEXT"));
  EXPECT_THAT(Complaint({"recognise", "a", "--prompt", "x", "--task", "figure"}),
              HasSubstr("--prompt TEXT"));
  EXPECT_THAT(Complaint({"recognise", "a", "--prompt", "x", "--locate", "y"}),
              HasSubstr("one of them"));
}

TEST(Config, WantsACommandAndAFile) {
  EXPECT_THAT(Complaint({}), HasSubstr("subcommand"));
  EXPECT_THAT(Complaint({"recognise"}), HasSubstr("FILE"));
}

TEST(Config, RefusesToStreamOrToPrintRawWhatIsMadeOfWholeDocuments) {
  EXPECT_THAT(Complaint({"recognise", "a.pdf", "--format", "document", "--stream"}),
              HasSubstr("--stream prints text to standard output"));
  EXPECT_THAT(Complaint({"recognise", "a.pdf", "--format", "document", "--raw"}),
              HasSubstr("--raw prints what the model wrote for a page"));
}

TEST(Config, TakesFilesOrAFolderToWatch) {
  EXPECT_THAT(Complaint({"recognise", "a.pdf", "--watch", "in", "-o", "out"}),
              HasSubstr("not both"));
  EXPECT_THAT(Complaint({"recognise", "--watch", "in"}), HasSubstr("give -o FOLDER"));
  EXPECT_THAT(Complaint({"recognise", "a.pdf", "--resume"}), HasSubstr("give -o FOLDER"));
}

TEST(Config, RefusesAReportWithoutAName) {
  EXPECT_THAT(Complaint({"recognise", "a.pdf", "--figures"}), HasSubstr("give -o FOLDER"));
  EXPECT_THAT(Complaint({"recognise", "a.pdf", "--figures", "-o", "out", "-f", "hocr"}),
              HasSubstr("another format than hocr"));
  EXPECT_THAT(Complaint({"recognise", "a.pdf", "--report", "-"}), HasSubstr("--report is '-'"));
  EXPECT_THAT(Complaint({"recognise", "a.pdf", "--report", "r.html", "--report-preview-px", "9"}),
              HasSubstr("--report-preview-px is 9: use 100 to 4000"));
}

TEST(Config, NamesThePresets) {
  EXPECT_THAT(Complaint({"recognise", "a.pdf", "--preset", "novel"}), HasSubstr("receipt"));
}

}  // namespace
}  // namespace quire::client
