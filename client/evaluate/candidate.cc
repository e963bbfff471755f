#include "client/evaluate/candidate.h"

#include <algorithm>
#include <utility>

#include "client/score/compared_text.h"
#include "client/score/table_score.h"

namespace quire::client {

Spread SpreadOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {.median = median, .least = values.front(), .most = values.back()};
}

PageScore ScorePage(std::string name, const std::string& truth, const std::string& read) {
  const std::string expected = ComparedText(truth);
  const std::string found = ComparedText(read);
  PageScore score{.name = std::move(name),
                  .characters = CharacterErrors(expected, found),
                  .words = WordErrors(expected, found),
                  .normalised = NormalisedEdits(expected, found),
                  .words_f1 = BagOfWordsF1(expected, found)};
  const std::vector<Table> tables = FindTables(truth);
  if (!tables.empty()) score.tables = TablesScore(tables, FindTables(read));
  return score;
}

std::optional<Accuracy> SumUp(const std::vector<PageScore>& pages) {
  if (pages.empty()) return std::nullopt;
  Accuracy sum{.pages = static_cast<int>(pages.size())};
  ErrorCount characters;
  ErrorCount words;
  std::vector<double> rates;
  double tables = 0;
  int pages_with_tables = 0;
  for (const PageScore& page : pages) {
    characters.edits += page.characters.edits;
    characters.length += page.characters.length;
    words.edits += page.words.edits;
    words.length += page.words.length;
    sum.normalised_distance += page.normalised.Rate() / sum.pages;
    sum.words_f1 += page.words_f1 / sum.pages;
    rates.push_back(page.characters.Rate());
    if (!page.tables.has_value()) continue;
    tables += *page.tables;
    ++pages_with_tables;
  }
  sum.character_error_rate = characters.Rate();
  sum.word_error_rate = words.Rate();
  if (pages_with_tables > 0) sum.tables = tables / pages_with_tables;
  sum.page_error_rate = SpreadOf(std::move(rates));
  return sum;
}

std::optional<double> PageSeconds(const CandidateResult& candidate) {
  for (const auto* spread : {&candidate.pdf_page_seconds, &candidate.complex_seconds,
                             &candidate.simple_seconds}) {
    if (spread->has_value()) return (*spread)->median;
  }
  return std::nullopt;
}

}  // namespace quire::client
