#include "client/bench/bench_run.h"

#include <algorithm>
#include <cmath>

namespace quire::client {
namespace {

// Of sorted samples.
double At(const std::vector<double>& samples, double part) {
  const double rank = std::ceil(part * static_cast<double>(samples.size()));
  return samples[static_cast<size_t>(std::max(rank, 1.0)) - 1];
}

}  // namespace

Percentiles PercentilesOf(std::vector<double> samples) {
  if (samples.empty()) return {};
  std::sort(samples.begin(), samples.end());
  return {At(samples, 0.5), At(samples, 0.9), At(samples, 0.99)};
}

BenchTotals TotalsOf(const BenchRun& run) {
  BenchTotals totals;
  for (const DocumentSample& document : run.documents) {
    for (const PageSample& page : document.pages) {
      ++totals.pages;
      totals.tokens += page.tokens;
      for (size_t i = 0; i < page.stage_seconds.size(); ++i) {
        totals.stage_seconds[i] += page.stage_seconds[i];
      }
    }
  }
  if (run.seconds > 0) {
    totals.pages_per_second = static_cast<double>(totals.pages) / run.seconds;
    totals.tokens_per_second = static_cast<double>(totals.tokens) / run.seconds;
  }
  return totals;
}

std::vector<double> FirstPageSeconds(const BenchRun& run) {
  std::vector<double> seconds;
  for (const DocumentSample& document : run.documents) {
    if (document.first_page_seconds.has_value()) seconds.push_back(*document.first_page_seconds);
  }
  return seconds;
}

std::vector<double> PageSeconds(const BenchRun& run) {
  std::vector<double> seconds;
  for (const DocumentSample& document : run.documents) {
    for (const PageSample& page : document.pages) seconds.push_back(page.total_seconds);
  }
  return seconds;
}

}  // namespace quire::client
