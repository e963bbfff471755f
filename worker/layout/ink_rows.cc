#include "worker/layout/ink_rows.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace quire::worker {
namespace {

constexpr int kDeepest = 5;          // columns within columns
constexpr double kLeastShared = 0.5;  // of the lower one's height: lines of one row
constexpr int kRowsBack = 4;          // rows that a line may belong to
// What makes a gap part two columns; sizes in letter heights.
constexpr size_t kFewestRows = 4;       // on either side
constexpr double kLeastGap = 0.6;
constexpr double kLeastWidth = 7;       // of a side's rows, mean
constexpr double kLeastBeside = 0.4;    // of a side's rows: that have text on the other side, too

double Height(const PixelBox& box) { return box.bottom - box.top; }

bool AreInOneRow(const PixelBox& row, const PixelBox& line) {
  const double shared = std::min(row.bottom, line.bottom) - std::max(row.top, line.top);
  return shared > kLeastShared * std::min(Height(row), Height(line));
}

PixelBox Around(const PixelBox& a, const PixelBox& b) {
  return {std::min(a.left, b.left), std::min(a.top, b.top), std::max(a.right, b.right),
          std::max(a.bottom, b.bottom)};
}

// Rows first to last - 1 of a page, parted by a gap.
struct Parting {
  size_t first = 0, last = 0;
  std::vector<PixelBox> left, right;
  double weight = 0;  // the area beside the gap, about
};

bool Crosses(const InkRow& row, double x) {
  return std::any_of(row.lines.begin(), row.lines.end(),
                     [&](const PixelBox& line) { return line.left < x && x < line.right; });
}

// The rows from `first` to `last` parted at x, where that makes two columns.
std::optional<Parting> PartAt(const std::vector<InkRow>& rows, size_t first, size_t last, double x,
                              double letter_height) {
  Parting parting{.first = first, .last = last};
  size_t rows_left = 0, rows_right = 0, beside = 0;
  double widths_left = 0, widths_right = 0, left_edge = 0, right_edge = 1e9;
  for (size_t i = first; i < last; ++i) {
    const size_t before_left = parting.left.size(), before_right = parting.right.size();
    for (const PixelBox& line : rows[i].lines) {
      const bool is_left = line.right <= x;
      (is_left ? parting.left : parting.right).push_back(line);
      (is_left ? widths_left : widths_right) += line.right - line.left;
      if (is_left) {
        left_edge = std::max(left_edge, line.right);
      } else {
        right_edge = std::min(right_edge, line.left);
      }
    }
    const bool on_left = parting.left.size() > before_left, on_right = parting.right.size() > before_right;
    rows_left += on_left;
    rows_right += on_right;
    beside += on_left && on_right;
  }
  if (rows_left < kFewestRows || rows_right < kFewestRows) return std::nullopt;
  const double narrower = std::min(widths_left / rows_left, widths_right / rows_right);
  const bool columns = right_edge - left_edge >= kLeastGap * letter_height &&
                       narrower >= kLeastWidth * letter_height &&
                       beside >= kLeastBeside * std::min(rows_left, rows_right);
  if (!columns) return std::nullopt;
  parting.weight = (rows_left + rows_right) * narrower;
  return parting;
}

// The middles of gaps between neighbours, not two of them within half a letter.
std::vector<double> Gaps(const std::vector<InkRow>& rows, double letter_height) {
  std::vector<double> middles;
  for (const InkRow& row : rows) {
    std::vector<PixelBox> lines = row.lines;
    std::sort(lines.begin(), lines.end(),
              [](const PixelBox& a, const PixelBox& b) { return a.left < b.left; });
    for (size_t i = 1; i < lines.size(); ++i) {
      if (lines[i].left - lines[i - 1].right >= kLeastGap * letter_height) {
        middles.push_back((lines[i].left + lines[i - 1].right) / 2);
      }
    }
  }
  std::sort(middles.begin(), middles.end());
  std::vector<double> apart;
  for (const double x : middles) {
    if (apart.empty() || x - apart.back() >= letter_height / 2) apart.push_back(x);
  }
  return apart;
}

// The parting of most of the page.
std::optional<Parting> BestParting(const std::vector<InkRow>& rows, double letter_height) {
  std::optional<Parting> best;
  for (const double x : Gaps(rows, letter_height)) {
    for (size_t first = 0; first < rows.size();) {
      size_t last = first;
      while (last < rows.size() && !Crosses(rows[last], x)) ++last;
      if (std::optional<Parting> parting = PartAt(rows, first, last, x, letter_height);
          parting && (!best || parting->weight > best->weight)) {
        best = std::move(parting);
      }
      first = last + 1;
    }
  }
  return best;
}

std::vector<PixelBox> LinesOf(const std::vector<InkRow>& rows, size_t first, size_t last) {
  std::vector<PixelBox> lines;
  for (size_t i = first; i < last; ++i) {
    lines.insert(lines.end(), rows[i].lines.begin(), rows[i].lines.end());
  }
  return lines;
}

void AppendByColumn(const std::vector<PixelBox>& lines, double letter_height, int depth,
                    std::vector<InkRow>& ordered) {
  std::vector<InkRow> rows = RowsDown(lines);
  std::optional<Parting> parting;
  if (depth < kDeepest) parting = BestParting(rows, letter_height);
  if (!parting) {
    std::move(rows.begin(), rows.end(), std::back_inserter(ordered));
    return;
  }
  for (const std::vector<PixelBox>& part :
       {LinesOf(rows, 0, parting->first), parting->left, parting->right,
        LinesOf(rows, parting->last, rows.size())}) {
    AppendByColumn(part, letter_height, depth + 1, ordered);
  }
}

}  // namespace

std::vector<InkRow> RowsDown(const std::vector<PixelBox>& lines) {
  std::vector<PixelBox> sorted = lines;
  std::sort(sorted.begin(), sorted.end(), [](const PixelBox& a, const PixelBox& b) {
    return std::pair(a.top + a.bottom, a.left) < std::pair(b.top + b.bottom, b.left);
  });
  std::vector<InkRow> rows;
  for (const PixelBox& line : sorted) {
    InkRow* row = nullptr;
    for (size_t i = rows.size() - std::min<size_t>(rows.size(), kRowsBack); i < rows.size(); ++i) {
      if (AreInOneRow(rows[i].box, line)) row = &rows[i];
    }
    if (row == nullptr) row = &rows.emplace_back(InkRow{.box = line});
    row->box = Around(row->box, line);
    row->widths += (line.right - line.left) / Height(line);
    row->lines.push_back(line);
  }
  return rows;
}

std::vector<InkRow> RowsByColumn(const PageInk& ink) {
  std::vector<InkRow> rows;
  AppendByColumn(ink.lines, ink.letter_height, 0, rows);
  return rows;
}

}  // namespace quire::worker
