#include "server/recognize_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "proto/rich_status.h"

namespace quire::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using quire::v1::ModelInfo;
using quire::v1::RecognizeOptions;

std::vector<ModelInfo> Models() {
  ModelInfo nano;
  nano.set_key("nano");
  nano.add_modes(quire::v1::MODE_BASE);
  nano.add_modes(quire::v1::MODE_AUTO);
  nano.add_tasks(quire::v1::TASK_MARKDOWN);
  nano.add_tasks(quire::v1::TASK_FREE_TEXT);
  ModelInfo large;
  large.set_key("large");
  large.add_modes(quire::v1::MODE_LARGE);
  large.add_tasks(quire::v1::TASK_FIGURE);
  large.add_tasks(quire::v1::TASK_CUSTOM);
  large.add_tasks(quire::v1::TASK_LOCATE);
  return {nano, large};
}

void ExpectInvalid(const RecognizeOptions& options, const std::string& reason,
                   const testing::Matcher<std::string>& words) {
  const absl::Status status = CheckOptions(options, Models());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_EQ(ReasonOf(status), reason) << status;
  EXPECT_THAT(std::string(status.message()), words);
}

TEST(CheckOptions, AcceptsEmptyOptions) {
  EXPECT_TRUE(CheckOptions(RecognizeOptions(), Models()).ok());
}

TEST(CheckOptions, AcceptsLimitsThemselves) {
  RecognizeOptions options;
  options.set_password(std::string(127, 'p'));
  options.set_dpi(1200);
  options.set_request_id(std::string(128, 'r'));
  options.set_custom_prompt(std::string(4096, 'c'));
  options.set_locate_text(std::string(1024, 'l'));
  EXPECT_TRUE(CheckOptions(options, Models()).ok());
}

TEST(CheckOptions, RefusesPageRangesThatDoNotParse) {
  RecognizeOptions options;
  options.set_page_ranges("one");
  ExpectInvalid(options, "INVALID_PAGE_RANGES", HasSubstr("one"));
}

TEST(CheckOptions, RefusesAnUnknownTaskNumber) {
  RecognizeOptions options;
  options.set_task(static_cast<quire::v1::Task>(99));
  ExpectInvalid(options, "INVALID_OPTION", AllOf(HasSubstr("task"), HasSubstr("99")));
}

TEST(CheckOptions, RefusesAnUnknownModeNumber) {
  RecognizeOptions options;
  options.set_mode(static_cast<quire::v1::Mode>(99));
  ExpectInvalid(options, "INVALID_OPTION", AllOf(HasSubstr("mode"), HasSubstr("99")));
}

TEST(CheckOptions, RefusesAnUnknownPriorityNumber) {
  RecognizeOptions options;
  options.set_priority(static_cast<quire::v1::Priority>(99));
  ExpectInvalid(options, "INVALID_OPTION", AllOf(HasSubstr("priority"), HasSubstr("99")));
}

TEST(CheckOptions, RefusesALowDpi) {
  RecognizeOptions options;
  options.set_dpi(35);
  ExpectInvalid(options, "INVALID_OPTION", AllOf(HasSubstr("35"), HasSubstr("36 to 1200")));
}

TEST(CheckOptions, RefusesADpiThatIsNoNumber) {
  RecognizeOptions options;
  options.set_dpi(std::numeric_limits<double>::quiet_NaN());
  ExpectInvalid(options, "INVALID_OPTION", HasSubstr("36 to 1200"));
}

TEST(CheckOptions, RefusesANegativeTokenLimit) {
  RecognizeOptions options;
  options.set_max_tokens_per_page(-1);
  ExpectInvalid(options, "INVALID_OPTION", HasSubstr("max_tokens_per_page is -1"));
}

TEST(CheckOptions, RefusesANegativeNgramBan) {
  RecognizeOptions options;
  options.mutable_ngram_ban()->set_size(-3);
  ExpectInvalid(options, "INVALID_OPTION", HasSubstr("ngram_ban is size -3"));
}

TEST(CheckOptions, RefusesALongPasswordWithoutShowingIt) {
  RecognizeOptions options;
  options.set_password(std::string(128, 'p'));
  ExpectInvalid(options, "INVALID_OPTION",
                AllOf(HasSubstr("password has 128 bytes"), HasSubstr("127"), Not(HasSubstr("ppp"))));
}

TEST(CheckOptions, RefusesALongCustomPrompt) {
  RecognizeOptions options;
  options.set_custom_prompt(std::string(4097, 'p'));
  ExpectInvalid(options, "INVALID_OPTION", HasSubstr("4096"));
}

TEST(CheckOptions, RefusesALongLocateText) {
  RecognizeOptions options;
  options.set_locate_text(std::string(1025, 'p'));
  ExpectInvalid(options, "INVALID_OPTION", HasSubstr("1024"));
}

TEST(CheckOptions, RefusesALongRequestId) {
  RecognizeOptions options;
  options.set_request_id(std::string(129, 'r'));
  ExpectInvalid(options, "INVALID_OPTION", HasSubstr("128"));
}

TEST(CheckOptions, RefusesALineBreakInTheRequestId) {
  RecognizeOptions options;
  options.set_request_id("a\nb");
  ExpectInvalid(options, "INVALID_OPTION", HasSubstr("printable"));
}

TEST(CheckOptions, RefusesACustomTaskWithoutPrompt) {
  RecognizeOptions options;
  options.set_task(quire::v1::TASK_CUSTOM);
  ExpectInvalid(options, "INVALID_OPTION", HasSubstr("custom_prompt"));
}

TEST(CheckOptions, RefusesLocatingNothing) {
  RecognizeOptions options;
  options.set_task(quire::v1::TASK_LOCATE);
  ExpectInvalid(options, "INVALID_OPTION", HasSubstr("locate_text"));
}

TEST(CheckOptions, RefusesFramesOutOfTheirRange) {
  RecognizeOptions options;
  options.mutable_frames()->set_every_seconds(0.01);
  ExpectInvalid(options, "INVALID_OPTION",
                AllOf(HasSubstr("options.frames"), HasSubstr("0.04 to 86400")));
  options.mutable_frames()->set_every_seconds(std::numeric_limits<double>::quiet_NaN());
  ExpectInvalid(options, "INVALID_OPTION", HasSubstr("options.frames"));
  options.mutable_frames()->set_count(0);
  ExpectInvalid(options, "INVALID_OPTION", HasSubstr("1 to 3000"));
}

TEST(CheckOptions, RefusesTreatmentsThatItDoesNotKnow) {
  RecognizeOptions layer;
  layer.set_text_layer(static_cast<quire::v1::TextLayer>(9));
  ExpectInvalid(layer, "INVALID_OPTION", HasSubstr("text_layer is 9"));
  RecognizeOptions orient;
  orient.set_orient(static_cast<quire::v1::Orient>(9));
  ExpectInvalid(orient, "INVALID_OPTION", HasSubstr("orient is 9"));
  RecognizeOptions clean;
  clean.add_clean_ups(quire::v1::CLEAN_UP_UNSPECIFIED);
  ExpectInvalid(clean, "INVALID_OPTION", HasSubstr("clean_ups is 0"));
}

TEST(CheckOptions, RefusesMoreCleanUpsThanThereAre) {
  RecognizeOptions options;
  for (int i = 0; i < 4; ++i) options.add_clean_ups(quire::v1::CLEAN_UP_CONTRAST);
  ExpectInvalid(options, "INVALID_OPTION", HasSubstr("twice"));
}

TEST(CheckOptions, NamesTheModelsAtHand) {
  RecognizeOptions options;
  options.set_model("huge");
  ExpectInvalid(options, "UNKNOWN_MODEL", AllOf(HasSubstr("'huge'"), HasSubstr("large, nano")));
}

TEST(CheckOptions, NamesTheModesThatTheModelKnows) {
  RecognizeOptions options;
  options.set_model("nano");
  options.set_mode(quire::v1::MODE_LARGE);
  ExpectInvalid(options, "UNKNOWN_MODE", AllOf(HasSubstr("LARGE"), HasSubstr("AUTO, BASE")));
}

TEST(CheckOptions, NamesTheTasksThatTheModelKnows) {
  RecognizeOptions options;
  options.set_model("nano");
  options.set_task(quire::v1::TASK_FIGURE);
  ExpectInvalid(options, "UNKNOWN_TASK", AllOf(HasSubstr("FIGURE"), HasSubstr("FREE_TEXT, MARKDOWN")));
}

TEST(CheckOptions, AnyModelThatKnowsTheModeWillDo) {
  RecognizeOptions options;
  options.set_mode(quire::v1::MODE_LARGE);
  options.set_task(quire::v1::TASK_FIGURE);
  EXPECT_TRUE(CheckOptions(options, Models()).ok());
}

TEST(CheckOptions, RefusesAModeAndATaskThatNoModelHasTogether) {
  RecognizeOptions options;
  options.set_mode(quire::v1::MODE_LARGE);
  options.set_task(quire::v1::TASK_FREE_TEXT);
  ExpectInvalid(options, "INVALID_OPTION", HasSubstr("no model at hand knows both"));
}

TEST(CanRead, AnUnspecifiedTaskIsMarkdown) {
  EXPECT_TRUE(CanRead(Models()[0], RecognizeOptions()));
  EXPECT_FALSE(CanRead(Models()[1], RecognizeOptions()));
}

}  // namespace
}  // namespace quire::server
