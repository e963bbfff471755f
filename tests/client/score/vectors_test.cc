// Against rapidfuzz, jiwer and apted, by what fixtures/score/make_vectors.py recorded of them.

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "client/score/table_score.h"
#include "client/score/text_scores.h"
#include "proto/text_distance/code_points.h"
#include "proto/text_distance/edit_distance.h"

namespace quire::client {
namespace {

using nlohmann::json;

json Vectors(const char* name) {
  std::ifstream file(QUIRE_FIXTURES "/score/vectors.json");
  return json::parse(file)[name];
}

TEST(ScoreVectors, DistancesAreThoseOfRapidfuzz) {
  const json pairs = Vectors("texts");
  ASSERT_EQ(pairs.size(), 1000u);
  for (const json& pair : pairs) {
    EXPECT_EQ(EditDistance(ToCodePoints(pair[0].get<std::string>()),
                           ToCodePoints(pair[1].get<std::string>())),
              pair[2].get<size_t>())
        << pair;
  }
}

TEST(ScoreVectors, RatesAreThoseOfJiwer) {
  int compared = 0;
  for (const json& pair : Vectors("texts")) {
    if (pair[3].is_null()) continue;
    ++compared;
    EXPECT_NEAR(CharacterErrors(pair[0], pair[1]).Rate(), pair[3], 1e-9) << pair;
    EXPECT_NEAR(WordErrors(pair[0], pair[1]).Rate(), pair[4], 1e-9) << pair;
  }
  EXPECT_GT(compared, 900);
}

TEST(ScoreVectors, TableSimilaritiesAreThoseOfApted) {
  const json pairs = Vectors("tables");
  ASSERT_EQ(pairs.size(), 100u);
  for (const json& pair : pairs) {
    const auto a = FindTables(pair[0].get<std::string>());
    const auto b = FindTables(pair[1].get<std::string>());
    ASSERT_EQ(a.size() + b.size(), 2u) << pair;
    EXPECT_NEAR(TableSimilarity(a[0], b[0]), pair[2], 1e-9) << pair;
  }
}

}  // namespace
}  // namespace quire::client
