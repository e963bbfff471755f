#include "worker/engine/preprocess.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quire::worker {
namespace {

using ::testing::HasSubstr;

ReadingConfig Reading() {
  ReadingConfig reading;
  reading.base_size = 512;
  reading.image_size = 512;
  reading.modes = {Mode::kBase, Mode::kGundam};
  reading.min_crops = 2;
  reading.max_crops = 12;
  return reading;
}

TEST(PlanViews, CountsTheRowsThatViewsBecome) {
  const ViewPlan single{.grid = {1, 1}, .tile_side = 512, .global_side = 512};
  const ViewPlan tiled{.grid = {3, 4}, .tile_side = 512, .global_side = 512};

  EXPECT_EQ(single.vision_rows(), 8 * 9 + 1);
  EXPECT_EQ(tiled.vision_rows(), 32 * (24 + 1) + 8 * 9 + 1);
}

TEST(ReadingConfig, SaysWhenAPageIsReadAgain) {
  const auto parse = [](const std::string& second_look) {
    return ParseModelConfig(R"({"architectures": ["DeepseekOCRForCausalLM"], "quire": {"second_look": )" +
                                second_look + "}}", "config.json");
  };

  EXPECT_EQ(parse("{}")->reading.doubt, 0);  // never
  EXPECT_EQ(parse(R"({"doubt": 0.05, "invention": 0.35})")->reading.doubt, 0.05);
  EXPECT_THAT(parse(R"({"doubt": 0.5, "invention": 0.35})").status().message(),
              testing::HasSubstr("second_look.doubt"));
  EXPECT_EQ(parse(R"({"doubt": 0.05, "invention": 0.35})")->reading.unreadable, 0);  // never
  EXPECT_EQ(parse(R"({"doubt": 0.05, "invention": 0.35, "unreadable": 0.2})")->reading.unreadable, 0.2);
  EXPECT_THAT(parse(R"({"doubt": 0.05, "invention": 0.35, "unreadable": 0.04})").status().message(),
              testing::HasSubstr("second_look.unreadable is 0.04"));
}

TEST(PlanViews, OfOfficialV2PutsViewAfterView) {
  const absl::StatusOr<ModelConfig> v2 = ParseModelConfig(
      R"({"architectures": ["DeepseekOCR2ForCausalLM"],
          "projector_config": {"input_dim": 896, "n_embed": 1280}})", "config.json");
  ASSERT_TRUE(v2.ok()) << v2.status();
  const auto rows = [&](int width, int height, Mode mode) {
    return PlanViews(width, height, mode, v2->reading)->vision_rows();
  };

  EXPECT_EQ(rows(1190, 1684, Mode::kDefault), 6 * 144 + 257);  // 2 x 3 tiles
  EXPECT_EQ(rows(1920, 1080, Mode::kDefault), 2 * 144 + 257);
  EXPECT_EQ(rows(700, 700, Mode::kDefault), 257);
  EXPECT_EQ(rows(3000, 3000, Mode::kBase), 257);
  EXPECT_FALSE(PlanViews(100, 100, Mode::kLarge, v2->reading).ok());
}

TEST(PlanViews, NamesTheModesThatTheModelKnows) {
  const absl::StatusOr<ViewPlan> plan = PlanViews(100, 100, Mode::kLarge, Reading());

  EXPECT_TRUE(absl::IsInvalidArgument(plan.status()));
  EXPECT_THAT(std::string(plan.status().message()), HasSubstr("GUNDAM"));
}

TEST(PlanViews, CutsATallPageIntoTilesOfItsShape) {
  const absl::StatusOr<ViewPlan> plan = PlanViews(1448, 2048, Mode::kGundam, Reading());

  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->grid.columns, 2);
  EXPECT_EQ(plan->grid.rows, 3);
  EXPECT_EQ(plan->views(), 7);
}

TEST(MakeViews, NormalisesToPlanesAndPadsWithGrey) {
  Image white(2, 1);
  white.data = {255, 0, 0, 255, 0, 0};
  const ViewPlan plan{.grid = {1, 1}, .tile_side = 64, .global_side = 64};

  const PageViews views = MakeViews(white.view(), plan);

  ASSERT_EQ(views.global.size(), 3u * 64 * 64);
  const int middle = 32 * 64 + 32;
  EXPECT_FLOAT_EQ(views.global[middle], 1);                 // red
  EXPECT_FLOAT_EQ(views.global[64 * 64 + middle], -1);      // green
  EXPECT_NEAR(views.global[0], (127 / 255.0 - 0.5) / 0.5, 1e-6);  // padding
}

}  // namespace
}  // namespace quire::worker
