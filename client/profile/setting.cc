#include "client/profile/setting.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/names.h"
#include "client/score/compared_text.h"
#include "client/score/text_scores.h"

namespace quire::client {
namespace {

constexpr double kLeastGain = 1.03;
constexpr size_t kMostHelpers = 3;
constexpr double kMostChanged = 0.02;  // of a text that still counts as the same
constexpr double kUnevenPages = 1.5;   // the longest page over the median: a cap is worth a try
constexpr int kCapStep = 50;           // tokens

const v1::ModelInfo* ModelOf(const PageChoice& choice, const v1::GetServerInfoResponse& info) {
  for (const v1::ModelInfo& model : info.models()) {
    if (choice.model.empty() || model.key() == choice.model) return &model;
  }
  return nullptr;
}

void AddModes(const Measured& base, const v1::GetServerInfoResponse& info,
              std::vector<Setting>& settings) {
  const v1::ModelInfo* model = ModelOf(base.setting.choice, info);
  if (model == nullptr) return;
  for (const int number : model->modes()) {
    const std::string mode = NameOf(static_cast<v1::Mode>(number));
    if (mode == base.setting.choice.mode || mode == "auto") continue;
    Setting& setting = settings.emplace_back(base.setting);
    setting.kind = "mode";
    setting.name = absl::StrCat("--mode ", mode);
    setting.choice.mode = mode;
  }
}

void AddTokenCap(const Measured& base, std::vector<Setting>& settings) {
  std::vector<double> tokens;
  for (const DocumentSample& document : base.run->documents) {
    for (const PageSample& page : document.pages) tokens.push_back(page.tokens);
  }
  if (tokens.empty()) return;
  const double longest = *std::max_element(tokens.begin(), tokens.end());
  const double median = PercentilesOf(tokens).p50;
  if (longest < kUnevenPages * median) return;
  Setting& setting = settings.emplace_back(base.setting);
  setting.kind = "token cap";
  setting.choice.max_tokens = (static_cast<int>(median) / kCapStep + 1) * kCapStep;
  setting.name = absl::StrCat("--max-tokens ", setting.choice.max_tokens);
}

void AddBatches(const Measured& base, const v1::GetServerInfoResponse& info, bool own_servers,
                std::vector<Setting>& settings) {
  int slots = 0;
  for (const v1::WorkerInfo& worker : info.workers()) slots += worker.slots();
  Setting& together = settings.emplace_back(base.setting);
  together.kind = "batch";
  together.concurrency = std::clamp(slots, 2, 16);
  together.name = absl::StrCat(together.concurrency, " documents at once");
  if (!own_servers || info.workers_size() != 1) return;
  for (const int other : {slots / 2, slots * 2}) {
    if (other < 1) continue;
    Setting& setting = settings.emplace_back(base.setting);
    setting.kind = "batch";
    setting.name = absl::StrCat("quire-server --worker-args=--slots=", other);
    setting.server_flags = {absl::StrCat("--worker-args=--slots=", other)};
  }
}

// A worker computes in f32 on a CPU and in bf16 elsewhere unless it is told.
void AddPrecisions(const Measured& base, std::vector<Setting>& settings) {
  const std::string usual = base.run->on_host ? "f32" : "bf16";
  for (const char* dtype : {"bf16", "f16", "f32"}) {
    if (dtype == usual) continue;
    Setting& setting = settings.emplace_back(base.setting);
    setting.kind = "precision";
    setting.name = absl::StrCat("quire-server --worker-args=--dtype=", dtype);
    setting.server_flags = {absl::StrCat("--worker-args=--dtype=", dtype)};
  }
}

}  // namespace

std::vector<Setting> Alternatives(const Measured& base, const v1::GetServerInfoResponse& info,
                                  bool own_servers) {
  std::vector<Setting> settings;
  AddModes(base, info, settings);
  AddTokenCap(base, settings);
  AddBatches(base, info, own_servers, settings);
  if (own_servers) AddPrecisions(base, settings);
  return settings;
}

std::vector<const Measured*> WhatHelps(const Measured& base, const std::vector<Measured>& others) {
  std::vector<const Measured*> helpers;
  for (const Measured& other : others) {
    if (other.pages_per_second > kLeastGain * base.pages_per_second) helpers.push_back(&other);
  }
  // What changes the text is no help to most, however fast it is.
  const auto rank = [](const Measured* it) {
    return std::pair(it->changed > kMostChanged, -it->pages_per_second);
  };
  std::stable_sort(helpers.begin(), helpers.end(),
                   [&](const Measured* a, const Measured* b) { return rank(a) < rank(b); });
  if (helpers.size() > kMostHelpers) helpers.resize(kMostHelpers);
  return helpers;
}

double ChangedPart(const std::vector<PageText>& before, const std::vector<PageText>& after) {
  std::map<std::pair<std::string, int>, const PageText*> texts;
  for (const PageText& page : after) texts[{page.file, page.page_number}] = &page;
  size_t edits = 0, length = 0;
  for (const PageText& page : before) {
    const auto found = texts.find({page.file, page.page_number});
    if (found == texts.end()) continue;
    const ErrorCount errors =
        CharacterErrors(ComparedText(page.markdown), ComparedText(found->second->markdown));
    edits += errors.edits;
    length += errors.length;
  }
  return length == 0 ? 0 : static_cast<double>(edits) / static_cast<double>(length);
}

}  // namespace quire::client
