#include "proto/text_distance/edit_distance.h"

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

namespace quire {
namespace {

constexpr size_t kWordBits = 64;

// 64 rows of the matrix in one column: where the value rises or falls from the row above.
struct Block {
  uint64_t rises = ~uint64_t{0};
  uint64_t falls = 0;
};

// Takes a block to the next column.
//   equal     rows whose symbol is the column's
//   step_in   change along the row above the block: -1, 0 or 1
//   last_row  the bit of the block's last row
//   returns   change along that row
int Advance(Block& block, uint64_t equal, int step_in, uint64_t last_row) {
  const uint64_t vertical = equal | block.falls;
  if (step_in < 0) equal |= 1;
  const uint64_t zero = (((equal & block.rises) + block.rises) ^ block.rises) | equal;
  uint64_t more = block.falls | ~(zero | block.rises);
  uint64_t fewer = block.rises & zero;
  const int step_out = (more & last_row) != 0 ? 1 : (fewer & last_row) != 0 ? -1 : 0;
  more = (more << 1) | (step_in > 0 ? 1 : 0);
  fewer = (fewer << 1) | (step_in < 0 ? 1 : 0);
  block.rises = fewer | ~(vertical | more);
  block.falls = more & vertical;
  return step_out;
}

}  // namespace

size_t EditDistance(std::u32string_view a, std::u32string_view b) {
  while (!a.empty() && !b.empty() && a.front() == b.front()) {
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  while (!a.empty() && !b.empty() && a.back() == b.back()) {
    a.remove_suffix(1);
    b.remove_suffix(1);
  }
  if (a.size() > b.size()) std::swap(a, b);
  if (a.empty()) return b.size();
  const size_t blocks = (a.size() + kWordBits - 1) / kWordBits;
  std::unordered_map<char32_t, std::vector<uint64_t>> places;
  for (size_t i = 0; i < a.size(); ++i) {
    std::vector<uint64_t>& rows = places[a[i]];
    rows.resize(blocks);
    rows[i / kWordBits] |= uint64_t{1} << (i % kWordBits);
  }
  const std::vector<uint64_t> nowhere(blocks);
  const uint64_t top_row = uint64_t{1} << (kWordBits - 1);
  const uint64_t last_row = uint64_t{1} << ((a.size() - 1) % kWordBits);
  std::vector<Block> column(blocks);
  auto distance = static_cast<int64_t>(a.size());
  for (const char32_t symbol : b) {
    const auto found = places.find(symbol);
    const std::vector<uint64_t>& equal = found == places.end() ? nowhere : found->second;
    int step = 1;
    for (size_t i = 0; i < blocks; ++i) {
      step = Advance(column[i], equal[i], step, i + 1 == blocks ? last_row : top_row);
    }
    distance += step;
  }
  return static_cast<size_t>(distance);
}

}  // namespace quire
