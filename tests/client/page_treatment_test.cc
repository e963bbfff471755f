#include "client/page_treatment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/exit_code.h"

namespace quire::client {
namespace {

using ::testing::HasSubstr;

TEST(PageTreatment, GoesIntoTheRequest) {
  v1::RecognizeOptions options;
  const absl::Status status = SetTreatment({.text_layer = "compare",
                                            .orient = "auto",
                                            .clean_ups = {"deskew", "contrast"},
                                            .frames = "every=0.5s"},
                                           options);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(options.text_layer(), v1::TEXT_LAYER_COMPARE);
  EXPECT_EQ(options.orient(), v1::ORIENT_AUTO);
  EXPECT_THAT(options.clean_ups(),
              ::testing::ElementsAre(v1::CLEAN_UP_DESKEW, v1::CLEAN_UP_CONTRAST));
  EXPECT_EQ(options.frames().every_seconds(), 0.5);
}

TEST(PageTreatment, TakesFramesByCountAndByScene) {
  v1::RecognizeOptions options;
  ASSERT_TRUE(SetTreatment({.frames = "count=20"}, options).ok());
  EXPECT_EQ(options.frames().count(), 20);
  ASSERT_TRUE(SetTreatment({.frames = "scene"}, options).ok());
  EXPECT_TRUE(options.frames().scenes());
}

TEST(PageTreatment, LeavesOutWhatNobodyAskedFor) {
  v1::RecognizeOptions options;
  ASSERT_TRUE(SetTreatment({}, options).ok());
  EXPECT_EQ(options.SerializeAsString(), "");
}

class WrongFrames : public ::testing::TestWithParam<const char*> {};

TEST_P(WrongFrames, AreRefusedWithWhatIsPossible) {
  v1::RecognizeOptions options;
  const absl::Status status = SetTreatment({.frames = GetParam()}, options);
  EXPECT_EQ(ExitCodeFor(status), kExitUsage);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--frames is"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("every=2s"));
}

INSTANTIATE_TEST_SUITE_P(Words, WrongFrames,
                         ::testing::Values("every=2", "every=0s", "every=s", "every=nans",
                                           "every=infs", "count=0", "count=-1", "count=5000",
                                           "scenes", "2s"));

}  // namespace
}  // namespace quire::client
