#include "worker/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace quire::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Config Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "quire-worker");
  const ParsedConfig parsed = ParseConfig(static_cast<int>(arguments.size()), arguments.data());
  EXPECT_FALSE(parsed.exit_code.has_value());
  return parsed.config;
}

Config WithFronts(std::vector<std::string> fronts) {
  Config config;
  config.model = "nano";
  config.id = "w";
  config.attach = std::move(fronts);
  return config;
}

std::string Refusal(const Config& config) { return std::string(config.Validate().message()); }

TEST(WorkerConfig, TakesSeveralFrontsRepeatedOrWithCommas) {
  EXPECT_THAT(Parse({"--attach", "a:1,b:2", "--attach", "unix:/c"}).attach,
              ElementsAre("a:1", "b:2", "unix:/c"));
}

TEST(WorkerConfig, TakesSeveralFrontsThatDiffer) {
  EXPECT_TRUE(WithFronts({"a:1", "b:2"}).Validate().ok());
}

TEST(WorkerConfig, RefusesAFrontThatIsNamedTwice) {
  EXPECT_THAT(Refusal(WithFronts({"a:1", "a:1"})), HasSubstr("--attach names a front twice: a:1,a:1"));
}

TEST(WorkerConfig, RefusesSeveralFrontsForAWorkerThatSharesMemory) {
  Config config = WithFronts({"a:1", "b:2"});
  config.arena_fd = 3;
  EXPECT_THAT(Refusal(config), HasSubstr("--attach names 2 fronts"));
}

TEST(WorkerConfig, NeedsAFront) { EXPECT_THAT(Refusal(WithFronts({})), HasSubstr("--attach is missing")); }

}  // namespace
}  // namespace quire::worker
