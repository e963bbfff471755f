#include "worker/layout/block_places.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "worker/layout/ink_rows.h"
#include "worker/text/plain_text.h"

namespace quire::worker {
namespace {

constexpr size_t kMost = 400;  // blocks, and rows, that are looked at
constexpr double kNever = 1e6;

// What a block's place costs, and how much of each is reckoned at most. Found by trial, on a hundred pages
// that nano was trained on, whose blocks' places are known.
struct Cost {
  double weight, most;
  double operator()(double misfit) const { return weight * std::min(most, misfit); }
};
constexpr Cost kLength{1.5, 1.5};   // |ln| of the rows' letters by the text's
constexpr Cost kHeight{0.35, 1};     // |ln| of the rows' height by the box's
constexpr Cost kEdge{0.5, 1};       // of left and right edge, in kEdgeUnit of the page's width
constexpr Cost kShift{0.3, 3};      // from the box, in kShiftUnit of the page's height
constexpr Cost kBend{0.3, 2};       // beside the block before, in kBendUnit of the page's height
constexpr double kEdgeUnit = 0.06, kShiftUnit = 0.15, kBendUnit = 0.03;
constexpr double kJump = 0.2;      // a block that goes on at the top of the next column
constexpr double kSkippedRow = 0.2;
constexpr Cost kSkippedEnd{0.3, 4};  // rows before the first block or after the last
constexpr double kUnplaced = 2.5;  // a block without rows
constexpr size_t kUnplacedInARow = 2;

constexpr double kFewLetters = 2;   // more or less, that do not matter
constexpr double kTooLong = 2.5;    // rows that hold so many times the text cannot be the block's
constexpr size_t kEndsOfEachRow = 3;
constexpr size_t kMostPlaces = 150;  // of a block, that are looked at
// A letter's width by its line's height, spaces included.
constexpr double kNarrowest = 0.4, kBroadest = 0.5;
constexpr double kRoom = 0.03;  // of a row's height, that is left above and below its ink

// Rows that may be a block's.
struct Place {
  size_t first = 0, last = 0;
  double cost = 0;   // by itself
  double shift = 0;  // pixels down from the block's box
  PixelBox box;
  // The best way to here.
  double total = 0;
  const Place* before = nullptr;  // of the nearest earlier block that has one
};

// A block that is to be placed.
struct Claim {
  Block* block = nullptr;
  double letters = 0;
  std::vector<Place> places;
};

double LetterCount(std::string_view text) {
  double letters = 0;
  bool gap = true;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\t';
    const bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;  // of a UTF-8 character
    letters += !continues && !(space && gap);
    gap = space;
  }
  return letters;
}

std::vector<Claim> ClaimsOf(std::vector<Block>& blocks) {
  std::vector<Claim> claims;
  for (Block& block : blocks) {
    if (block.boxes.size() != 1 || claims.size() == kMost) continue;
    const double letters = LetterCount(PlainText(block.text));
    if (letters > 0) claims.push_back({.block = &block, .letters = letters});
  }
  return claims;
}

double LogRatio(double a, double b) { return std::abs(std::log(a / b)); }

// Finds what each block's place costs by itself. One page, one order of its rows.
class Places {
 public:
  Places(const std::vector<InkRow>& rows, double letter_width, int width, int height)
      : rows_(rows), letter_width_(letter_width), width_(width), height_(height) {}

  std::vector<Place> Of(const Claim& claim) const {
    std::vector<Place> places;
    for (size_t first = 0; first < rows_.size(); ++first) AppendFrom(first, claim, places);
    const size_t kept = std::min(places.size(), kMostPlaces);
    std::partial_sort(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(kept), places.end(), Cheaper);
    places.resize(kept);
    return places;
  }

 private:
  static bool Cheaper(const Place& a, const Place& b) { return a.cost < b.cost; }

  void AppendFrom(size_t first, const Claim& claim, std::vector<Place>& places) const {
    const size_t before = places.size();
    PixelBox box = rows_[first].box;
    double widths = 0, jumps = 0;
    for (size_t last = first; last < rows_.size(); ++last) {
      const InkRow& row = rows_[last];
      widths += row.widths;
      box = {std::min(box.left, row.box.left), std::min(box.top, row.box.top),
             std::max(box.right, row.box.right), std::max(box.bottom, row.box.bottom)};
      const double letters = widths / letter_width_;
      if (last > first) {
        if (letters > kTooLong * claim.letters + 10) break;
        jumps += row.box.top < rows_[last - 1].box.top ? kJump : 0;
      }
      places.push_back(Reckoned(first, last, letters, box, claim));
      places.back().cost += jumps;
    }
    const size_t kept = std::min(places.size() - before, kEndsOfEachRow);
    const auto begin = places.begin() + static_cast<std::ptrdiff_t>(before);
    std::partial_sort(begin, begin + static_cast<std::ptrdiff_t>(kept), places.end(), Cheaper);
    places.resize(before + kept);
  }

  Place Reckoned(size_t first, size_t last, double letters, PixelBox ink, const Claim& claim) const {
    const PixelBox& said = claim.block->boxes.front();
    Place place{.first = first, .last = last};
    place.shift = (ink.top + ink.bottom - said.top - said.bottom) / 2;
    place.box = {ink.left, std::max(0.0, ink.top - kRoom * rows_[first].height()), ink.right,
                 std::min<double>(height_, ink.bottom + kRoom * rows_[last].height())};
    place.cost =
        kLength(LogRatio(letters + kFewLetters, claim.letters + kFewLetters)) +
        kHeight(LogRatio(place.box.bottom - place.box.top, std::max(1.0, said.bottom - said.top))) +
        kShift(std::abs(place.shift) / (kShiftUnit * height_)) +
        kEdge(std::abs(ink.left - said.left) / (kEdgeUnit * width_)) +
        kEdge(std::abs(ink.right - said.right) / (kEdgeUnit * width_));
    return place;
  }

  const std::vector<InkRow>& rows_;
  const double letter_width_;
  const int width_, height_;
};

double CostBetween(const Place& before, const Place& after, int height) {
  if (after.first <= before.last) return kNever;
  return kSkippedRow * (after.first - before.last - 1) +
         kBend(std::abs(after.shift - before.shift) / (kBendUnit * height));
}

// The cheapest way through all claims, from its last place backwards, and its cost.
struct Way {
  double cost = std::numeric_limits<double>::infinity();
  std::vector<std::pair<size_t, PixelBox>> boxes;  // by claim
};

Way Align(std::vector<Claim>& claims, const std::vector<InkRow>& rows, int width, int height) {
  double widths = 0, letters = 0;
  for (const InkRow& row : rows) widths += row.widths;
  for (const Claim& claim : claims) letters += claim.letters;
  const Places places(rows, std::clamp(widths / letters, kNarrowest, kBroadest), width, height);
  for (size_t i = 0; i < claims.size(); ++i) {
    claims[i].places = places.Of(claims[i]);
    for (Place& place : claims[i].places) {
      place.total = kUnplaced * i + kSkippedEnd(place.first);
      const size_t nearest = i - std::min(i, kUnplacedInARow + 1);
      for (size_t j = nearest; j < i; ++j) {
        for (const Place& before : claims[j].places) {
          const double total = before.total + kUnplaced * (i - j - 1) + CostBetween(before, place, height);
          if (total < place.total) {
            place.total = total;
            place.before = &before;
          }
        }
      }
      place.total += place.cost;
    }
  }
  Way way{.cost = kUnplaced * claims.size() + kSkippedEnd(rows.size())};  // nothing placed
  const Place* end = nullptr;
  for (size_t i = 0; i < claims.size(); ++i) {
    for (const Place& place : claims[i].places) {
      const double cost = place.total + kUnplaced * (claims.size() - 1 - i) +
                          kSkippedEnd(rows.size() - 1 - place.last);
      if (cost < way.cost) {
        way.cost = cost;
        end = &place;
      }
    }
  }
  for (size_t i = claims.size(); i-- > 0 && end != nullptr;) {
    const std::vector<Place>& own = claims[i].places;
    if (end < own.data() || end >= own.data() + own.size()) continue;
    way.boxes.emplace_back(i, end->box);
    end = end->before;
  }
  return way;
}

}  // namespace

void PlaceBlocks(const PageInk& ink, int width, int height, std::vector<Block>& blocks) {
  std::vector<Claim> claims = ClaimsOf(blocks);
  if (claims.empty() || ink.lines.empty()) return;
  Way best;
  for (std::vector<InkRow> rows : {RowsByColumn(ink), RowsDown(ink.lines)}) {
    if (rows.size() > kMost) rows.resize(kMost);
    if (Way way = Align(claims, rows, width, height); way.cost < best.cost) best = std::move(way);
  }
  for (const auto& [claim, box] : best.boxes) claims[claim].block->boxes.front() = box;
}

}  // namespace quire::worker
