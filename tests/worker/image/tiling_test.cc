#include "worker/image/tiling.h"

#include <ostream>

#include "gtest/gtest.h"

namespace quire::worker {

void PrintTo(const TileGrid& grid, std::ostream* out) { *out << grid.columns << "x" << grid.rows; }

namespace {

constexpr TilingRules kV1Six = {.max_tiles = 6};
constexpr TilingRules kV1Nine = {.max_tiles = 9};
constexpr TilingRules kV2 = {.tile_side = 768, .max_tiles = 6, .single_view_max_side = 768};
constexpr TilingRules kNano = {
    .tile_side = 512, .max_tiles = 12, .single_view_max_side = 640, .dense_min_tiles = 7};

struct GridCase {
  int width, height;
  TileGrid v1_six, v1_nine, v2;
};
void PrintTo(const GridCase& c, std::ostream* out) { *out << c.width << "x" << c.height; }

class OfficialGrid : public ::testing::TestWithParam<GridCase> {};
TEST_P(OfficialGrid, IsTheOneTheOfficialCodeChooses) {
  const GridCase& c = GetParam();
  EXPECT_EQ(ChooseGrid(c.width, c.height, kV1Six), c.v1_six);
  EXPECT_EQ(ChooseGrid(c.width, c.height, kV1Nine), c.v1_nine);
  EXPECT_EQ(ChooseGrid(c.width, c.height, kV2), c.v2);
}
INSTANTIATE_TEST_SUITE_P(
    Sizes, OfficialGrid,
    ::testing::Values(
        GridCase{1190, 1684, {2, 3}, {2, 3}, {2, 3}},  // A4 at 144 dpi
        GridCase{1684, 1190, {3, 2}, {3, 2}, {3, 2}},
        GridCase{1224, 1584, {2, 3}, {2, 3}, {2, 3}},  // Letter
        GridCase{800, 600, {3, 2}, {3, 2}, {3, 2}}, GridCase{640, 640, {1, 1}, {1, 1}, {1, 1}},
        GridCase{700, 700, {2, 2}, {2, 2}, {1, 1}}, GridCase{641, 100, {6, 1}, {6, 1}, {1, 1}},
        GridCase{100, 641, {1, 6}, {1, 6}, {1, 1}}, GridCase{768, 769, {2, 2}, {2, 2}, {2, 2}},
        GridCase{1357, 1357, {2, 2}, {2, 2}, {2, 2}}, GridCase{1358, 1358, {2, 2}, {3, 3}, {2, 2}},
        GridCase{2000, 2000, {2, 2}, {3, 3}, {2, 2}}, GridCase{1920, 1080, {2, 1}, {4, 2}, {2, 1}},
        GridCase{1080, 1920, {1, 2}, {2, 4}, {1, 2}}, GridCase{300, 2000, {1, 6}, {1, 7}, {1, 6}},
        GridCase{4000, 500, {6, 1}, {8, 1}, {6, 1}}, GridCase{3264, 2448, {3, 2}, {3, 2}, {3, 2}}));

struct NanoCase {
  int width, height;
  TileGrid grid;
};
void PrintTo(const NanoCase& c, std::ostream* out) { *out << c.width << "x" << c.height; }

class NanoGrid : public ::testing::TestWithParam<NanoCase> {};
TEST_P(NanoGrid, IsTheOneTheReferenceReaderChooses) {
  EXPECT_EQ(ChooseGrid(GetParam().width, GetParam().height, kNano), GetParam().grid);
}
INSTANTIATE_TEST_SUITE_P(GoldenPages, NanoGrid,
                         ::testing::Values(NanoCase{512, 512, {1, 1}}, NanoCase{480, 208, {1, 1}},
                                           NanoCase{800, 592, {4, 3}}, NanoCase{1264, 1648, {3, 4}},
                                           NanoCase{416, 1088, {2, 5}}));

TEST(ChooseGrid, HoldsALargePageToTheDenseMinimum) {
  EXPECT_EQ(ChooseGrid(2000, 2000, kNano), (TileGrid{3, 3}));
}

TEST(ChooseGrid, TakesAsManyTilesAsAMiddlingPageHasPixelsFor) {
  EXPECT_EQ(ChooseGrid(700, 700, kNano), (TileGrid{2, 2}));  // 1.9 tiles of pixels
}

TEST(ChooseGrid, ReadsAPageOfTheSingleViewSideWhole) {
  EXPECT_EQ(ChooseGrid(640, 200, kNano), (TileGrid{1, 1}));
}

TEST(TileGrid, CountsNoTilesForTheGlobalViewAlone) {
  EXPECT_EQ((TileGrid{1, 1}).tiles(), 0);
  EXPECT_EQ((TileGrid{2, 3}).tiles(), 6);
}

}  // namespace
}  // namespace quire::worker
