#pragma once

#include <string>
#include <vector>

#include "client/evaluate/candidate.h"

namespace quire::client {

// Whether two candidates read the same pages equally well within noise: the 95 % interval of the
// mean difference of their pages' character error rates, by a paired bootstrap (2,000 draws, fixed
// seed), holds 0. Of one page: whether the rates are equal.
bool SameAccuracy(const CandidateResult& a, const CandidateResult& b);

// The line under the table. Of the candidates whose accuracy is that of the best within noise the
// fastest is recommended, and compared with each other one.
std::string Recommend(const std::vector<CandidateResult>& candidates);

}  // namespace quire::client
