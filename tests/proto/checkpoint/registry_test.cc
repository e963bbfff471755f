#include "proto/checkpoint/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/checkpoint/check_tensors.h"
#include "proto/checkpoint/model_cache.h"

namespace quire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Registry, HasItsKeys) {
  std::vector<std::string> keys;
  for (const RegistryEntry& entry : ReadRegistry()) keys.push_back(entry.key);
  EXPECT_THAT(keys, ElementsAre("deepseek-ocr", "deepseek-ocr-2", "dogacel-mps", "dogacel-v2",
                                "mlx-8bit", "nano", "default-cpu", "default-cuda", "default-mps"));
  EXPECT_EQ(FindRegistryEntry("gpt"), std::nullopt);
}

TEST(Registry, DefaultsAreOtherKeys) {
  const RegistryEntry entry = FindRegistryEntry("default-mps").value();
  EXPECT_EQ(entry.same_as, "dogacel-mps");
  EXPECT_EQ(entry.repository, FindRegistryEntry("dogacel-mps")->repository);
}

TEST(Registry, EveryRepositoryIsOne) {
  for (const RegistryEntry& entry : ReadRegistry()) {
    if (entry.repository.empty()) continue;
    EXPECT_TRUE(ParseRepository(entry.repository + "@" + entry.revision).ok()) << entry.key;
  }
}

TEST(Registry, EveryEntryHasAFactForEveryDevice) {
  for (const RegistryEntry& entry : ReadRegistry()) {
    for (const char* device : {"cuda", "mps", "cpu"}) {
      EXPECT_TRUE(entry.dtype.contains(device)) << entry.key;
      EXPECT_TRUE(entry.token_caps.contains(device)) << entry.key;
    }
    EXPECT_LT(entry.token_caps.at("mps"), entry.token_caps.at("cuda")) << entry.key;
  }
}

TEST(Registry, TheBanIsForOfficialModelsAlone) {
  const RegistryEntry v1 = FindRegistryEntry("deepseek-ocr").value(),
                      v2 = FindRegistryEntry("deepseek-ocr-2").value();
  EXPECT_EQ(v1.ngram_ban.at("image").size, 30);
  EXPECT_EQ(v1.ngram_ban.at("image").window, 90);
  EXPECT_EQ(v2.ngram_ban.at("image").size, 20);
  EXPECT_EQ(v2.ngram_ban.at("pdf").window, 50);
  EXPECT_THAT(v1.ngram_exempt_ids, ElementsAre(128821, 128822));
  for (const char* key : {"dogacel-mps", "dogacel-v2", "mlx-8bit", "nano"}) {
    EXPECT_THAT(FindRegistryEntry(key)->ngram_ban, IsEmpty()) << key;
  }
}

TEST(Registry, TheForksAreHalfPrecisionAndEager) {
  const RegistryEntry fork = FindRegistryEntry("dogacel-mps").value();
  EXPECT_EQ(fork.dtype.at("mps"), "f16");
  EXPECT_EQ(fork.attention, "eager");
}

TEST(Registry, SizesFollowFromTheOfficialTensors) {
  for (const RegistryEntry& entry : ReadRegistry()) {
    if (entry.layout != "official") continue;
    EXPECT_EQ(entry.weight_bytes, 2 * entry.parameters) << entry.key;
  }
}

}  // namespace
}  // namespace quire
