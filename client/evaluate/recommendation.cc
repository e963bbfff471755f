#include "client/evaluate/recommendation.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/page_format.h"
#include "client/score/bootstrap.h"

namespace quire::client {
namespace {

std::vector<double> Differences(const CandidateResult& a, const CandidateResult& b) {
  std::map<std::string, double> rates;
  for (const PageScore& page : a.pages) rates[page.name] = page.characters.Rate();
  std::vector<double> differences;
  for (const PageScore& page : b.pages) {
    const auto found = rates.find(page.name);
    if (found != rates.end()) differences.push_back(page.characters.Rate() - found->second);
  }
  return differences;
}

double ErrorRate(const CandidateResult& candidate) {
  return SumUp(candidate.pages)->character_error_rate;
}

// No figure sorts last.
double SortSeconds(const CandidateResult& candidate) {
  return PageSeconds(candidate).value_or(1e300);
}

std::string CompareSpeed(const CandidateResult& chosen, const CandidateResult& other) {
  const auto a = PageSeconds(chosen);
  const auto b = PageSeconds(other);
  if (!a.has_value() || !b.has_value() || *a <= 0 || *b <= 0) return "";
  if (*b >= *a) return absl::StrFormat(", %.1f x faster", *b / *a);
  return absl::StrFormat(", %.1f x slower", *a / *b);
}

std::string Compare(const CandidateResult& chosen, const CandidateResult& other) {
  std::string text = absl::StrCat(" Against ", Printable(other.name), ": ");
  if (!chosen.pages.empty() && !other.pages.empty()) {
    const double rate = ErrorRate(chosen);
    const double other_rate = ErrorRate(other);
    absl::StrAppendFormat(&text, "%s (wrong characters %.1f %% and %.1f %%)",
                          SameAccuracy(chosen, other) ? "same accuracy within noise"
                          : rate <= other_rate        ? "fewer errors"
                                                      : "more errors, as many as the best's",
                          100 * rate, 100 * other_rate);
  } else {
    absl::StrAppend(&text, "accuracy was not compared");
  }
  return absl::StrCat(text, CompareSpeed(chosen, other), ".");
}

}  // namespace

bool SameAccuracy(const CandidateResult& a, const CandidateResult& b) {
  const std::vector<double> differences = Differences(a, b);
  if (differences.size() < 2) return ErrorRate(a) == ErrorRate(b);
  return Bootstrap([&](std::minstd_rand& random) {
           double sum = 0;
           for (size_t i = 0; i < differences.size(); ++i) {
             sum += differences[random() % differences.size()];
           }
           return sum / static_cast<double>(differences.size());
         })
      .Holds(0);
}

std::string Recommend(const std::vector<CandidateResult>& candidates) {
  std::vector<const CandidateResult*> measured;
  for (const CandidateResult& candidate : candidates) {
    if (candidate.failure.empty()) measured.push_back(&candidate);
  }
  if (measured.empty()) return "No recommendation: no candidate was measured.";
  if (measured.size() == 1) {
    return absl::StrCat("No choice: ", Printable(measured[0]->name), " alone was measured.");
  }
  std::vector<const CandidateResult*> equals = measured;
  equals.erase(std::remove_if(equals.begin(), equals.end(),
                              [](const auto* candidate) { return candidate->pages.empty(); }),
               equals.end());
  if (!equals.empty()) {
    const CandidateResult& best = **std::min_element(
        equals.begin(), equals.end(),
        [](const auto* a, const auto* b) { return ErrorRate(*a) < ErrorRate(*b); });
    equals.erase(std::remove_if(equals.begin(), equals.end(),
                                [&](const auto* candidate) {
                                  return candidate != &best && !SameAccuracy(best, *candidate);
                                }),
                 equals.end());
  } else {
    equals = measured;  // no truths: speed decides
  }
  const CandidateResult& chosen = **std::min_element(
      equals.begin(), equals.end(),
      [](const auto* a, const auto* b) { return SortSeconds(*a) < SortSeconds(*b); });
  std::string text = absl::StrCat("Recommended: ", Printable(chosen.name), ".");
  for (const CandidateResult* other : measured) {
    if (other != &chosen) absl::StrAppend(&text, Compare(chosen, *other));
  }
  return text;
}

}  // namespace quire::client
