#include "client/profile/setting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/profile/profile_report.h"

namespace quire::client {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Measured Base(const std::vector<int>& tokens) {
  Measured base{.setting = {.name = "as it is"}, .run = BenchRun(), .pages_per_second = 1};
  for (const int count : tokens) {
    base.run->documents.push_back({.pages = {{.tokens = count, .total_seconds = 1}}});
  }
  return base;
}

v1::GetServerInfoResponse Info() {
  v1::GetServerInfoResponse info;
  v1::ModelInfo& model = *info.add_models();
  model.set_key("nano");
  model.add_modes(v1::MODE_BASE);
  model.add_modes(v1::MODE_GUNDAM);
  info.add_workers()->set_slots(4);
  return info;
}

std::vector<std::string> Names(const std::vector<Setting>& settings) {
  std::vector<std::string> names;
  for (const Setting& setting : settings) names.push_back(setting.name);
  return names;
}

Measured Other(const std::string& name, double pages_per_second) {
  return {.setting = {.kind = "mode", .name = name},
          .run = BenchRun(),
          .pages_per_second = pages_per_second};
}

TEST(Alternatives, OfARunningServerAreModesCapAndBatch) {
  EXPECT_THAT(
      Names(Alternatives(Base({100, 100, 400}), Info(), /*own_servers=*/false)),
      ElementsAre("--mode base", "--mode gundam", "--max-tokens 150", "4 documents at once"));
}

TEST(Alternatives, CapNothingWherePagesAreAlike) {
  EXPECT_THAT(Names(Alternatives(Base({100, 110, 120}), Info(), /*own_servers=*/false)),
              Not(Contains(HasSubstr("--max-tokens"))));
}

TEST(Alternatives, TryPrecisionsAndSlotsWithServersOfTheirOwn) {
  const auto names = Names(Alternatives(Base({100}), Info(), /*own_servers=*/true));
  EXPECT_THAT(names, Contains("quire-server --worker-args=--dtype=bf16"));
  EXPECT_THAT(names, Not(Contains("quire-server --worker-args=--dtype=f32")));
  EXPECT_THAT(names, Contains("quire-server --worker-args=--slots=2"));
  EXPECT_THAT(names, Contains("quire-server --worker-args=--slots=8"));
}

TEST(WhatHelps, NamesTheBestThree) {
  const std::vector<Measured> others = {Other("a", 1.2), Other("b", 1.01), Other("c", 2),
                                        Other("d", 1.5), Other("e", 1.1)};
  std::vector<std::string> names;
  for (const Measured* helper : WhatHelps(Base({1}), others)) names.push_back(helper->setting.name);
  EXPECT_THAT(names, ElementsAre("c", "d", "a"));
}

TEST(WhatHelps, PutsWhatChangesTheTextLast) {
  std::vector<Measured> others = {Other("other text", 5), Other("a few letters", 1.2),
                                  Other("same", 1.1)};
  others[0].changed = 0.744;
  others[1].changed = 0.01;
  std::vector<std::string> names;
  for (const Measured* helper : WhatHelps(Base({1}), others)) names.push_back(helper->setting.name);
  EXPECT_THAT(names, ElementsAre("a few letters", "same", "other text"));
}

TEST(ChangedPart, CountsCharactersOfPagesThatBothHave) {
  EXPECT_DOUBLE_EQ(ChangedPart({{"a", 1, "abcd"}, {"a", 2, "gone"}}, {{"a", 1, "abxd"}}), 0.25);
  EXPECT_EQ(ChangedPart({}, {}), 0);
}

TEST(FormatProfile, SaysWhatASettingBringsAndCosts) {
  std::vector<Measured> others = {Other("--mode base", 2)};
  others[0].changed = 0.031;
  EXPECT_THAT(FormatProfile(Base({1}), others),
              HasSubstr("1. mode, --mode base: 2.00 x the pages (2.000 instead of 1.000 a second); "
                        "but 3.1 % of the characters change"));
}

TEST(FormatProfile, SaysWhyASettingWasNotMeasured) {
  const std::vector<Measured> others = {
      {.setting = {.name = "--dtype bf16"}, .failure = "no such device"}};
  const std::string text = FormatProfile(Base({1}), others);
  EXPECT_THAT(text, HasSubstr("no such device"));
  EXPECT_THAT(text, HasSubstr("nothing of what was tried"));
}

}  // namespace
}  // namespace quire::client
