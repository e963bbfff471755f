#include "client/bench/compare.h"

#include <algorithm>
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace quire::client {
namespace {

constexpr size_t kStretches = 20;

using Figure = std::function<double(const BenchRun& run)>;

double Median(std::vector<double> samples) { return PercentilesOf(std::move(samples)).p50; }
double Ninetieth(std::vector<double> samples) { return PercentilesOf(std::move(samples)).p90; }

// Pages (or their tokens) by stretch of the run's time.
std::vector<double> Stretches(const BenchRun& run, bool tokens) {
  std::vector<double> counts(kStretches);
  for (const DocumentSample& document : run.documents) {
    for (const PageSample& page : document.pages) {
      const double place = page.ended_seconds / run.seconds * kStretches;
      const size_t index = std::min(kStretches - 1, static_cast<size_t>(std::max(0.0, place)));
      counts[index] += tokens ? page.tokens : 1;
    }
  }
  return counts;
}

double DrawSum(const std::vector<double>& from, std::minstd_rand& random) {
  double sum = 0;
  for (size_t i = 0; i < from.size(); ++i) sum += from[random() % from.size()];
  return sum;
}

BenchRun DrawDocuments(const BenchRun& run, std::minstd_rand& random) {
  BenchRun drawn;
  for (size_t i = 0; i < run.documents.size(); ++i) {
    drawn.documents.push_back(run.documents[random() % run.documents.size()]);
  }
  return drawn;
}

double Ratio(double after, double before) { return before > 0 ? after / before : 1; }

Change RateChange(const char* name, const BenchRun& before, const BenchRun& after, bool tokens) {
  const std::vector<double> then = Stretches(before, tokens), now = Stretches(after, tokens);
  const auto rate = [&](const BenchRun& run) {
    const BenchTotals totals = TotalsOf(run);
    return tokens ? totals.tokens_per_second : totals.pages_per_second;
  };
  Change change{.name = name, .before = rate(before), .after = rate(after)};
  change.ratio = Ratio(change.after, change.before);
  change.interval = Bootstrap([&](std::minstd_rand& random) {
    return Ratio(DrawSum(now, random) / after.seconds, DrawSum(then, random) / before.seconds);
  });
  return change;
}

Change SecondsChange(const char* name, const BenchRun& before, const BenchRun& after,
                     const Figure& figure) {
  Change change{.name = name,
                .before = figure(before),
                .after = figure(after),
                .more_is_better = false};
  change.ratio = Ratio(change.after, change.before);
  change.interval = Bootstrap([&](std::minstd_rand& random) {
    const double now = figure(DrawDocuments(after, random));
    return Ratio(now, figure(DrawDocuments(before, random)));
  });
  return change;
}

const char* Verdict(const Change& change) {
  if (!change.shown()) return "no difference shown";
  return (change.ratio > 1) == change.more_is_better ? "better" : "worse";
}

}  // namespace

std::vector<Change> CompareRuns(const BenchRun& before, const BenchRun& after) {
  std::vector<Change> changes;
  if (before.documents.empty() || after.documents.empty()) return changes;
  changes.push_back(RateChange("pages a second", before, after, /*tokens=*/false));
  changes.push_back(RateChange("tokens a second", before, after, /*tokens=*/true));
  if (!FirstPageSeconds(before).empty() && !FirstPageSeconds(after).empty()) {
    changes.push_back(SecondsChange("first page, median seconds", before, after, [](const auto& run) {
      return Median(FirstPageSeconds(run));
    }));
  }
  changes.push_back(SecondsChange("page, median seconds", before, after,
                                  [](const auto& run) { return Median(PageSeconds(run)); }));
  changes.push_back(SecondsChange("page, 90th percentile", before, after,
                                  [](const auto& run) { return Ninetieth(PageSeconds(run)); }));
  return changes;
}

std::string FormatChanges(const std::vector<Change>& changes) {
  if (changes.empty()) return "nothing to compare: one of the runs read no page\n";
  std::string text = absl::StrFormat("%-27s %10s %10s %9s %20s\n", "compared", "before", "after",
                                     "change", "95 % interval");
  for (const Change& change : changes) {
    const auto percent = [](double ratio) { return 100 * (ratio - 1); };
    const std::string interval = absl::StrFormat(
        "%+.1f to %+.1f %%", percent(change.interval.low), percent(change.interval.high));
    absl::StrAppendFormat(&text, "%-27s %10.3f %10.3f %+7.1f %% %20s  %s\n", change.name,
                          change.before, change.after, percent(change.ratio), interval,
                          Verdict(change));
  }
  return text;
}

Json ChangesToJson(const std::vector<Change>& changes) {
  Json json = Json::array();
  for (const Change& change : changes) {
    json.push_back({{"figure", change.name},
                    {"before", change.before},
                    {"after", change.after},
                    {"ratio", change.ratio},
                    {"ratio_low", change.interval.low},
                    {"ratio_high", change.interval.high},
                    {"verdict", Verdict(change)}});
  }
  return json;
}

}  // namespace quire::client
