#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace quire::worker {

// The tokens that are recognised by their literal text before anything else happens to it. Const
// after it is filled.
class AddedTokens {
 public:
  // `content` is not empty.
  void Add(std::string_view content, int id);

  struct Match {
    int id;
    size_t length;  // bytes
  };
  // The longest added token that `text` starts with.
  std::optional<Match> LongestPrefix(std::string_view text) const;

 private:
  // A trie: node 0 is the root.
  std::unordered_map<uint64_t, int> children_;            // node by parent << 8 | byte
  std::vector<std::optional<int>> ids_ = {std::nullopt};  // of the token that ends at each node
};

}  // namespace quire::worker
