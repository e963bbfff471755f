#include "client/profile/profile_report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/bench/bottleneck.h"
#include "client/page_format.h"

namespace quire::client {
namespace {

std::string Row(const Measured& measured, double base_pages_per_second) {
  if (!measured.run.has_value()) {
    return absl::StrFormat("  %-44s %s\n", measured.setting.name, Printable(measured.failure));
  }
  return absl::StrFormat("  %-44s %8.3f %7.2f x %8.1f %%\n", measured.setting.name,
                         measured.pages_per_second,
                         measured.pages_per_second / base_pages_per_second,
                         100 * measured.changed);
}

std::string Advice(const Measured& base, const std::vector<Measured>& others) {
  const std::vector<const Measured*> helpers = WhatHelps(base, others);
  if (helpers.empty()) {
    return "what helps: nothing of what was tried reads more than 3 % more pages a second\n";
  }
  std::string text = "what helps most:\n";
  for (size_t i = 0; i < helpers.size(); ++i) {
    const Measured& helper = *helpers[i];
    absl::StrAppendFormat(
        &text, "  %d. %s, %s: %.2f x the pages (%.3f instead of %.3f a second); %s\n", i + 1,
        helper.setting.kind, helper.setting.name, helper.pages_per_second / base.pages_per_second,
        helper.pages_per_second, base.pages_per_second,
        helper.changed > 0 ? absl::StrFormat("but %.1f %% of the characters change", 100 * helper.changed)
                           : "the text stays the same");
  }
  return text;
}

Json MeasuredToJson(const Measured& measured) {
  Json json = {{"kind", measured.setting.kind}, {"name", measured.setting.name}};
  if (!measured.run.has_value()) {
    json["failure"] = measured.failure;
    return json;
  }
  json["pages_per_second"] = measured.pages_per_second;
  json["changed"] = measured.changed;
  json["bottleneck"] = BottleneckLine(*measured.run);
  Json shares = Json::object();
  for (const Share& share : StageShares(*measured.run)) shares[share.name] = share.part;
  json["stage_shares"] = std::move(shares);
  return json;
}

}  // namespace

std::string FormatProfile(const Measured& base, const std::vector<Measured>& others) {
  std::string text = absl::StrFormat(
      "%s; %s\n%.3f pages a second; %s\n", Printable(absl::StrJoin(base.run->workers, ", ")),
      Printable(base.run->machine), base.pages_per_second, BottleneckLine(*base.run));
  absl::StrAppendFormat(&text, "  %-44s %8s %9s %10s\n", "measured", "pages/s", "speed",
                        "text changed");
  absl::StrAppend(&text, Row(base, base.pages_per_second));
  for (const Measured& other : others) absl::StrAppend(&text, Row(other, base.pages_per_second));
  return absl::StrCat(text, Advice(base, others));
}

Json ProfileToJson(const Measured& base, const std::vector<Measured>& others) {
  Json settings = Json::array();
  for (const Measured& other : others) settings.push_back(MeasuredToJson(other));
  Json helps = Json::array();
  for (const Measured* helper : WhatHelps(base, others)) helps.push_back(helper->setting.name);
  return {{"machine", base.run->machine},
          {"quire_version", base.run->quire_version},
          {"workers", base.run->workers},
          {"base", MeasuredToJson(base)},
          {"others", std::move(settings)},
          {"helps", std::move(helps)}};
}

}  // namespace quire::client
