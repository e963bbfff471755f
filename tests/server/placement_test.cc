#include "server/placement.h"

#include <gtest/gtest.h>

#include <vector>

namespace quire::server {
namespace {

using Workers = std::vector<WorkerLoad>;

TEST(Placement, ChoosesTheWorkerWithTheSmallestPartInUse) {
  const Workers workers = {{.id = "a", .model = "m", .slots = 4, .used = 3},
                           {.id = "b", .model = "m", .slots = 16, .used = 4},
                           {.id = "c", .model = "m", .slots = 2, .used = 1}};
  EXPECT_EQ(ChooseWorker(workers, "m", false), 1u);
}

TEST(Placement, ChoosesTheFirstOfEquals) {
  const Workers workers = {{.id = "a", .model = "m", .slots = 2}, {.id = "b", .model = "m", .slots = 8}};
  EXPECT_EQ(ChooseWorker(workers, "m", false), 0u);
}

TEST(Placement, ChoosesNoneWhenAllAreFull) {
  const Workers workers = {{.id = "a", .model = "m", .slots = 2, .used = 2}};
  EXPECT_EQ(ChooseWorker(workers, "m", false), std::nullopt);
}

TEST(Placement, ChoosesByModel) {
  const Workers workers = {{.id = "a", .model = "other", .slots = 2}, {.id = "b", .model = "m", .slots = 2}};
  EXPECT_EQ(ChooseWorker(workers, "m", false), 1u);
}

TEST(Placement, PassesOverADrainingWorker) {
  const Workers workers = {{.id = "a", .model = "m", .slots = 2, .accepting = false}};
  EXPECT_EQ(ChooseWorker(workers, "m", false), std::nullopt);
}

TEST(Placement, APageThatMustBeAloneGoesToAnIdleWorkerOnly) {
  const Workers workers = {{.id = "a", .model = "m", .slots = 8, .used = 1},
                           {.id = "b", .model = "m", .slots = 1}};
  EXPECT_EQ(ChooseWorker(workers, "m", true), 1u);
}

TEST(Placement, NothingJoinsAPageThatMustBeAlone) {
  const Workers workers = {{.id = "a", .model = "m", .slots = 8, .used = 1, .exclusive = true}};
  EXPECT_EQ(ChooseWorker(workers, "m", false), std::nullopt);
  EXPECT_EQ(ChooseWorker(workers, "m", true), std::nullopt);
}

TEST(Placement, AReservedWorkerTakesOnlyPagesThatMustBeAlone) {
  const Workers workers = {{.id = "a", .model = "m", .slots = 8, .reserved = true}};
  EXPECT_EQ(ChooseWorker(workers, "m", false), std::nullopt);
  EXPECT_EQ(ChooseWorker(workers, "m", true), 0u);
}

TEST(Placement, ReservesTheWorkerWithTheFewestPages) {
  const Workers workers = {{.id = "a", .model = "m", .slots = 8, .used = 5},
                           {.id = "b", .model = "m", .slots = 8, .used = 2},
                           {.id = "c", .model = "other", .slots = 8}};
  EXPECT_EQ(ChooseReserved(workers, "m"), 1u);
}

TEST(Placement, KeepsTheWorkerThatIsReserved) {
  const Workers workers = {{.id = "a", .model = "m", .slots = 8, .used = 1},
                           {.id = "b", .model = "m", .slots = 8, .used = 2, .reserved = true}};
  EXPECT_EQ(ChooseReserved(workers, "m"), 1u);
}

TEST(Placement, ChoosesTheModelWithTheMostRoom) {
  const std::vector<ModelRoom> models = {{.model = "a", .slots = 2, .under_way = 1},
                                         {.model = "b", .slots = 8, .under_way = 2}};
  EXPECT_EQ(ChooseModel(models, 1), 1u);
}

TEST(Placement, LetsDrawingRunAheadOfTheSlots) {
  const std::vector<ModelRoom> models = {{.model = "a", .slots = 2, .under_way = 3}};
  EXPECT_EQ(ChooseModel(models, 2), 0u);
  EXPECT_EQ(ChooseModel(models, 1), std::nullopt);
}

TEST(Placement, AModelWithoutSlotsHasNoRoom) {
  const std::vector<ModelRoom> models = {{.model = "a", .slots = 0}};
  EXPECT_EQ(ChooseModel(models, 4), std::nullopt);
}

}  // namespace
}  // namespace quire::server
