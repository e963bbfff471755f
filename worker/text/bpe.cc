#include "worker/text/bpe.h"

#include <queue>

namespace quire::worker {
namespace {

// A token of the piece and its neighbours in it.
struct Symbol {
  int id;
  int previous;  // index of the symbol before; -1 at the start
  int next;      // index of the symbol after; -1 at the end
  bool merged_away = false;
};

struct Candidate {
  int rank;
  int left;    // index of the left symbol
  int result;  // the token that the pair gives: tells whether the pair is still what it was
  bool operator>(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : left > other.left;
  }
};

uint64_t Key(int left, int right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

}  // namespace

void Bpe::AddMerge(int left, int right, int result) {
  merges_.try_emplace(Key(left, right), Merge{static_cast<int>(merges_.size()), result});
}

const Bpe::Merge* Bpe::Find(int left, int right) const {
  const auto found = merges_.find(Key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

void Bpe::Encode(std::string_view piece, std::vector<int>& ids) const {
  if (piece.empty()) return;
  std::vector<Symbol> symbols;
  symbols.reserve(piece.size());
  for (char c : piece) {
    const int index = static_cast<int>(symbols.size());
    symbols.push_back({byte_ids_[static_cast<uint8_t>(c)], index - 1, index + 1});
  }
  symbols.back().next = -1;

  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates;
  const auto consider = [&](int left) {
    if (left < 0 || symbols[left].next < 0) return;
    const Merge* merge = Find(symbols[left].id, symbols[symbols[left].next].id);
    if (merge != nullptr) candidates.push({merge->rank, left, merge->result});
  };
  for (size_t i = 0; i < symbols.size(); ++i) consider(static_cast<int>(i));

  while (!candidates.empty()) {
    const Candidate candidate = candidates.top();
    candidates.pop();
    Symbol& left = symbols[candidate.left];
    if (left.merged_away || left.next < 0) continue;
    Symbol& right = symbols[left.next];
    const Merge* merge = Find(left.id, right.id);
    if (merge == nullptr || merge->result != candidate.result) continue;
    left.id = candidate.result;
    left.next = right.next;
    right.merged_away = true;
    if (left.next >= 0) symbols[left.next].previous = candidate.left;
    consider(left.previous);
    consider(candidate.left);
  }
  for (int i = 0; i >= 0; i = symbols[i].next) ids.push_back(symbols[i].id);
}

}  // namespace quire::worker
