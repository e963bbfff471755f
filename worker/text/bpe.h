#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace quire::worker {

// Byte-pair encoding: a piece starts as one token a byte, then the pair of neighbours whose merge
// has the lowest rank is joined, the leftmost first, until none is left. Const after it is filled.
class Bpe {
 public:
  explicit Bpe(const std::array<int, 256>& byte_ids) : byte_ids_(byte_ids) {}

  // `left` followed by `right` becomes `result`. The first merge that is added has the lowest rank.
  void AddMerge(int left, int right, int result);

  // Appends the piece's tokens to `ids`. Takes n log n time.
  void Encode(std::string_view piece, std::vector<int>& ids) const;

 private:
  struct Merge {
    int rank;
    int result;
  };
  const Merge* Find(int left, int right) const;

  std::array<int, 256> byte_ids_;
  std::unordered_map<uint64_t, Merge> merges_;  // by left << 32 | right
};

}  // namespace quire::worker
