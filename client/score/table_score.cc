#include "client/score/table_score.h"

#include <algorithm>

#include "proto/text_distance/edit_distance.h"

namespace quire::client {
namespace {

enum class Kind { kCell, kRow, kTable };

struct Node {
  Kind kind;
  const TableCell* cell;  // of kCell
  size_t leftmost;        // place of the leftmost leaf below it, itself for a leaf
};

// The tree's nodes in postorder; its keyroots are the root, every row but the first and every
// cell but the first of its row.
std::vector<Node> Postorder(const Table& table) {
  std::vector<Node> nodes;
  for (const std::vector<TableCell>& row : table.rows) {
    const size_t first = nodes.size();
    for (const TableCell& cell : row) nodes.push_back({Kind::kCell, &cell, nodes.size()});
    nodes.push_back({Kind::kRow, nullptr, first});
  }
  nodes.push_back({Kind::kTable, nullptr, 0});
  return nodes;
}

// Nodes that are no leftmost child: the last of each value of leftmost.
std::vector<size_t> Keyroots(const std::vector<Node>& nodes) {
  std::vector<size_t> last(nodes.size(), nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) last[nodes[i].leftmost] = i;
  std::vector<size_t> roots;
  for (const size_t i : last) {
    if (i != nodes.size()) roots.push_back(i);
  }
  std::sort(roots.begin(), roots.end());
  return roots;
}

double ChangeCost(const Node& a, const Node& b) {
  if (a.kind != b.kind) return 1;
  if (a.kind != Kind::kCell) return 0;
  if (a.cell->colspan != b.cell->colspan || a.cell->rowspan != b.cell->rowspan) return 1;
  const size_t longer = std::max(a.cell->text.size(), b.cell->text.size());
  if (longer == 0) return 0;
  return static_cast<double>(EditDistance(a.cell->text, b.cell->text)) /
         static_cast<double>(longer);
}

class TreeDistance {
 public:
  TreeDistance(std::vector<Node> a, std::vector<Node> b)
      : a_(std::move(a)), b_(std::move(b)), trees_(a_.size(), std::vector<double>(b_.size())) {}

  double Compute() {
    for (const size_t i : Keyroots(a_)) {
      for (const size_t j : Keyroots(b_)) FillForests(i, j);
    }
    return trees_.back().back();
  }

 private:
  // Distances of the forests that end in the subtrees of i and j.
  void FillForests(size_t i, size_t j) {
    const size_t a_begin = a_[i].leftmost;
    const size_t b_begin = b_[j].leftmost;
    std::vector<std::vector<double>> forest(i - a_begin + 2,
                                            std::vector<double>(j - b_begin + 2));
    for (size_t x = 1; x < forest.size(); ++x) forest[x][0] = forest[x - 1][0] + 1;
    for (size_t y = 1; y < forest[0].size(); ++y) forest[0][y] = forest[0][y - 1] + 1;
    for (size_t x = 1; x < forest.size(); ++x) {
      for (size_t y = 1; y < forest[0].size(); ++y) {
        const size_t a = a_begin + x - 1;
        const size_t b = b_begin + y - 1;
        const double with_gap = std::min(forest[x - 1][y], forest[x][y - 1]) + 1;
        const bool whole_trees = a_[a].leftmost == a_begin && b_[b].leftmost == b_begin;
        const double matched =
            whole_trees ? forest[x - 1][y - 1] + ChangeCost(a_[a], b_[b])
                        : forest[a_[a].leftmost - a_begin][b_[b].leftmost - b_begin] + trees_[a][b];
        forest[x][y] = std::min(with_gap, matched);
        if (whole_trees) trees_[a][b] = forest[x][y];
      }
    }
  }

  const std::vector<Node> a_;
  const std::vector<Node> b_;
  std::vector<std::vector<double>> trees_;  // by subtree of a and of b
};

}  // namespace

double TableSimilarity(const Table& truth, const Table& read) {
  std::vector<Node> a = Postorder(truth);
  std::vector<Node> b = Postorder(read);
  const size_t larger = std::max(a.size(), b.size()) - 1;
  if (larger == 0) return 1;
  const double distance = TreeDistance(std::move(a), std::move(b)).Compute();
  return std::max(0.0, 1 - distance / static_cast<double>(larger));
}

double TablesScore(const std::vector<Table>& truth, const std::vector<Table>& read) {
  std::vector<bool> taken(read.size());
  double sum = 0;
  for (const Table& table : truth) {
    double best = 0;
    size_t best_index = read.size();
    for (size_t i = 0; i < read.size(); ++i) {
      if (taken[i]) continue;
      const double similarity = TableSimilarity(table, read[i]);
      if (best_index == read.size() || similarity > best) {
        best = similarity;
        best_index = i;
      }
    }
    if (best_index < read.size()) taken[best_index] = true;
    sum += best;
  }
  return sum / static_cast<double>(truth.size());
}

}  // namespace quire::client
