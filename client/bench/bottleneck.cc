#include "client/bench/bottleneck.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/summary.h"

namespace quire::client {
namespace {

constexpr double kSmallestPart = 0.005;  // that is named: 1 % when rounded

std::vector<Share> Sorted(std::vector<Share> shares) {
  double sum = 0;
  for (const Share& share : shares) sum += share.part;
  if (sum <= 0) return {};
  for (Share& share : shares) share.part /= sum;
  std::stable_sort(shares.begin(), shares.end(),
                   [](const Share& a, const Share& b) { return a.part > b.part; });
  return shares;
}

// Adds what one worker's steps took between two looks; it may have been started again.
void Add(const v1::DecodeProfile& now, const v1::DecodeProfile& then, v1::DecodeProfile& sum) {
  const bool again = now.steps() < then.steps();
  const v1::DecodeProfile& before = again ? v1::DecodeProfile::default_instance() : then;
  sum.set_steps(sum.steps() + now.steps() - before.steps());
  sum.set_tokens(sum.tokens() + now.tokens() - before.tokens());
  sum.set_attention_seconds(sum.attention_seconds() + now.attention_seconds() -
                            before.attention_seconds());
  sum.set_experts_seconds(sum.experts_seconds() + now.experts_seconds() - before.experts_seconds());
  sum.set_head_seconds(sum.head_seconds() + now.head_seconds() - before.head_seconds());
  sum.set_sampling_seconds(sum.sampling_seconds() + now.sampling_seconds() -
                           before.sampling_seconds());
  sum.set_other_seconds(sum.other_seconds() + now.other_seconds() - before.other_seconds());
}

}  // namespace

std::vector<Share> StageShares(const BenchRun& run) {
  const BenchTotals totals = TotalsOf(run);
  const auto names = StageTimes({});
  std::vector<Share> shares;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string_view name = names[i].name;
    if (name != "upload" && name != "queue") shares.push_back({names[i].name, totals.stage_seconds[i]});
  }
  return Sorted(std::move(shares));
}

std::vector<Share> DecodeShares(const BenchRun& run) {
  if (!run.decode.has_value()) return {};
  const v1::DecodeProfile& decode = *run.decode;
  return Sorted({{"attention", decode.attention_seconds()},
                 {"experts", decode.experts_seconds()},
                 {"head", decode.head_seconds()},
                 {"sampling", decode.sampling_seconds()},
                 {run.on_host ? "other" : "host gap", decode.other_seconds()}});
}

std::string BottleneckLine(const BenchRun& run) {
  const std::vector<Share> stages = StageShares(run);
  if (stages.empty()) return "no page was read";
  std::string line;
  for (size_t i = 0; i < stages.size() && stages[i].part >= kSmallestPart; ++i) {
    const char* between = line.empty() ? "" : line.back() == ';' ? " " : ", ";
    absl::StrAppendFormat(&line, "%s%s %.0f %%", between, stages[i].name, 100 * stages[i].part);
    if (stages[i].name != "decode") continue;
    std::vector<std::string> parts;
    for (const Share& part : DecodeShares(run)) {
      const double of_all = part.part * stages[i].part;
      if (of_all >= kSmallestPart) {
        parts.push_back(absl::StrFormat("%s %.0f %%", part.name, 100 * of_all));
      }
    }
    if (!parts.empty()) {
      absl::StrAppendFormat(&line, i == 0 ? ", of which %s;" : " (%s)", absl::StrJoin(parts, ", "));
    }
  }
  if (line.back() == ';') line.pop_back();
  double queue = 0, total = 0;
  for (const DocumentSample& document : run.documents) {
    for (const PageSample& page : document.pages) {
      queue += page.stage_seconds[1];
      total += page.total_seconds;
    }
  }
  if (total > 0) {
    absl::StrAppendFormat(&line, "; pages waited for %.0f %% of their time", 100 * queue / total);
  }
  return line;
}

std::optional<v1::DecodeProfile> DecodeBetween(const v1::GetServerInfoResponse& before,
                                               const v1::GetServerInfoResponse& after) {
  v1::DecodeProfile sum;
  for (const v1::WorkerInfo& worker : after.workers()) {
    v1::DecodeProfile then;
    for (const v1::WorkerInfo& earlier : before.workers()) {
      if (earlier.id() == worker.id()) then = earlier.decode_profile();
    }
    Add(worker.decode_profile(), then, sum);
  }
  if (sum.steps() <= 0) return std::nullopt;
  return sum;
}

}  // namespace quire::client
