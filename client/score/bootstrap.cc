#include "client/score/bootstrap.h"

#include <algorithm>
#include <vector>

namespace quire::client {

constexpr size_t kDraws = 2000;
constexpr size_t kTailDraws = kDraws / 40;  // 2.5 % on each side

Interval Bootstrap(const std::function<double(std::minstd_rand& random)>& draw) {
  std::minstd_rand random(1);
  std::vector<double> figures;
  for (size_t i = 0; i < kDraws; ++i) figures.push_back(draw(random));
  std::sort(figures.begin(), figures.end());
  return {figures[kTailDraws], figures[kDraws - 1 - kTailDraws]};
}

}  // namespace quire::client
