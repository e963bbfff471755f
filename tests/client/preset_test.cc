#include "client/preset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/request.h"

namespace quire::client {
namespace {

TEST(Preset, SetsTaskModeAndCap) {
  RecogniseConfig config{.preset = "receipt"};
  ApplyPreset(config);
  EXPECT_EQ(config.task, "free-text");
  EXPECT_EQ(config.mode, "auto");
  EXPECT_EQ(config.max_tokens, 2048);
}

TEST(Preset, LeavesWhatTheUserSays) {
  RecogniseConfig config{.preset = "slides", .mode = "gundam", .prompt = "Sum up.", .max_tokens = 7};
  ApplyPreset(config);
  EXPECT_EQ(config.task, "");
  EXPECT_EQ(config.mode, "gundam");
  EXPECT_EQ(config.max_tokens, 7);
}

TEST(Preset, NamesOnlyWhatTheApiKnows) {
  for (const std::string& name : PresetNames()) {
    RecogniseConfig config{.preset = name};
    ApplyPreset(config);
    EXPECT_TRUE(MakeRequestOptions(config).ok()) << name;
  }
}

TEST(Preset, IsListedWithAllItDoes) {
  EXPECT_THAT(PresetHelp(), ::testing::HasSubstr("; slides = markdown base 1024"));
}

}  // namespace
}  // namespace quire::client
