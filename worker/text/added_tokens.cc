#include "worker/text/added_tokens.h"

namespace quire::worker {
namespace {

uint64_t Edge(int node, char byte) {
  return static_cast<uint64_t>(node) << 8 | static_cast<uint8_t>(byte);
}

}  // namespace

void AddedTokens::Add(std::string_view content, int id) {
  int node = 0;
  for (char byte : content) {
    const auto [edge, is_new] =
        children_.try_emplace(Edge(node, byte), static_cast<int>(ids_.size()));
    if (is_new) ids_.emplace_back();
    node = edge->second;
  }
  ids_[node] = id;
}

std::optional<AddedTokens::Match> AddedTokens::LongestPrefix(std::string_view text) const {
  std::optional<Match> longest;
  int node = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto edge = children_.find(Edge(node, text[i]));
    if (edge == children_.end()) break;
    node = edge->second;
    if (ids_[node].has_value()) longest = Match{*ids_[node], i + 1};
  }
  return longest;
}

}  // namespace quire::worker
