#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quire::client {

// A cell of a table.
struct TableCell {
  std::u32string text;  // white space at its ends dropped, runs of it one blank
  int colspan = 1;
  int rowspan = 1;
};

// An HTML table: rows of cells. th counts as td; thead, tbody, tfoot and mark-up inside cells
// leave no trace, as in OmniDocBench's normalisation. A table inside a cell is part of its text.
struct Table {
  std::vector<std::vector<TableCell>> rows;
};

// The HTML tables of a page, in order. Tags that are not closed are closed by what follows.
std::vector<Table> FindTables(std::string_view page);

// Tree-edit-distance-based similarity, 0 to 1: 1 - distance / nodes of the larger tree, where the
// trees are table > tr > td, an inserted or deleted node costs 1, and a changed cell the normalised
// edit distance of its text, or 1 where spans differ. The root counts in no size.
// Source: X. Zhong et al., "Image-based table recognition: data, model, and evaluation" (2019), and
// its PubTabNet code, metric.py; OmniDocBench, metrics/table_metric.py. The distance is that of
// K. Zhang and D. Shasha, SIAM J. Comput. 18 (1989).
double TableSimilarity(const Table& truth, const Table& read);

// The mean over the truth's tables, each with the read table that fits it best and was not taken;
// a table that has no partner counts 0.
//   truth  not empty
double TablesScore(const std::vector<Table>& truth, const std::vector<Table>& read);

}  // namespace quire::client
