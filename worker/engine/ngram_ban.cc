#include "worker/engine/ngram_ban.h"

#include <algorithm>

namespace quire::worker {

std::vector<int> BannedIds(std::span<const int> written, NgramBan ban,
                           std::span<const int> exempt) {
  std::vector<int> banned;
  const int length = static_cast<int>(written.size());
  if (ban.size <= 0 || length < ban.size) return banned;
  const auto prefix = written.last(ban.size - 1);
  for (int start = std::max(0, length - ban.window); start + ban.size <= length; ++start) {
    const int next = written[start + ban.size - 1];
    if (!std::equal(prefix.begin(), prefix.end(), written.begin() + start)) continue;
    if (std::find(exempt.begin(), exempt.end(), next) == exempt.end()) banned.push_back(next);
  }
  return banned;
}

}  // namespace quire::worker
