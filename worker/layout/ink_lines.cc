#include "worker/layout/ink_lines.h"

#include <algorithm>
#include <numeric>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <unordered_map>

namespace quire::worker {
namespace {

constexpr int kLongestSide = 2400;     // pixels; larger pages are looked at smaller
constexpr double kLeastContrast = 30;  // shades of grey between ink and what is beside it
constexpr double kMostContrast = 80;   // that is asked for
constexpr int kFewestLetters = 3;
constexpr int kMostLetters = 30'000;  // noise has more, and a page of print fewer
// A piece is a letter, or several that touch, between these, in letter heights.
constexpr double kLowest = 0.45, kHighest = 4, kWidest = 25;
constexpr double kRuleWidth = 12, kRuleHeight = 0.5;  // longer and lower: a rule
// Neighbours of one line: so near, in letter heights, and so alike.
constexpr double kWordGap = 0.7;
constexpr double kLeastShared = 0.5;  // of the lower one's height
constexpr double kMostUnlike = 2.6;   // one's height by the other's
constexpr double kLowestLine = 0.6;   // in letter heights

// Pieces that were joined, by the least of each.
class Groups {
 public:
  explicit Groups(size_t size) : parents_(size) {
    std::iota(parents_.begin(), parents_.end(), size_t{0});
  }
  size_t Find(size_t i) {
    while (parents_[i] != i) i = parents_[i] = parents_[parents_[i]];
    return i;
  }
  void Join(size_t a, size_t b) { parents_[Find(a)] = Find(b); }

 private:
  std::vector<size_t> parents_;
};

// 255 where the page changes within a pixel's neighbourhood.
cv::Mat Edges(const cv::Mat& grey) {
  cv::Mat edges;
  cv::morphologyEx(grey, edges, cv::MORPH_GRADIENT, cv::Mat::ones(3, 3, CV_8U));
  cv::Mat ink;
  const double otsu = cv::threshold(edges, ink, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
  const double threshold = std::clamp(otsu, kLeastContrast, kMostContrast);
  if (threshold != otsu) cv::threshold(edges, ink, threshold, 255, cv::THRESH_BINARY);
  return ink;
}

std::vector<cv::Rect> Pieces(const cv::Mat& ink) {
  cv::Mat labels, stats, centroids;
  const int count = cv::connectedComponentsWithStats(ink, labels, stats, centroids, 8, CV_32S);
  std::vector<cv::Rect> pieces;
  pieces.reserve(count);
  for (int i = 1; i < count; ++i) {  // 0 is the paper
    const int* piece = stats.ptr<int>(i);
    pieces.emplace_back(piece[cv::CC_STAT_LEFT], piece[cv::CC_STAT_TOP], piece[cv::CC_STAT_WIDTH],
                        piece[cv::CC_STAT_HEIGHT]);
  }
  return pieces;
}

// 0 where there are too few to say.
double LetterHeight(const std::vector<cv::Rect>& pieces) {
  std::vector<int> heights;
  for (const cv::Rect& piece : pieces) {
    if (piece.height >= 6 && piece.height <= 120 && piece.width >= 3 && piece.width <= 4 * piece.height) {
      heights.push_back(piece.height);
    }
  }
  if (heights.size() < kFewestLetters) return 0;
  const auto middle = heights.begin() + static_cast<std::ptrdiff_t>(heights.size() / 2);
  std::nth_element(heights.begin(), middle, heights.end());
  return *middle;
}

bool IsLetter(const cv::Rect& piece, double height) {
  const bool rule = piece.width > kRuleWidth * height && piece.height < kRuleHeight * height;
  return piece.height >= kLowest * height && piece.height <= kHighest * height &&
         piece.width <= kWidest * height && !rule;
}

bool AreNeighbours(const cv::Rect& left, const cv::Rect& right, double letter_height) {
  const int lower = std::min(left.height, right.height), higher = std::max(left.height, right.height);
  const double reach = kWordGap * std::clamp<double>(higher, 0.8 * letter_height, 2 * letter_height);
  const int shared = std::min(left.y + left.height, right.y + right.height) - std::max(left.y, right.y);
  return right.x - (left.x + left.width) <= reach && shared > kLeastShared * lower &&
         higher < kMostUnlike * lower;
}

// Joins the letters of each line. letters: by their left edge.
Groups JoinNeighbours(const std::vector<cv::Rect>& letters, double letter_height) {
  Groups groups(letters.size());
  const int band = std::max(8, static_cast<int>(letter_height));
  std::unordered_map<int, std::vector<size_t>> bands;  // letters that may have a right neighbour yet
  for (size_t i = 0; i < letters.size(); ++i) {
    const cv::Rect& letter = letters[i];
    const int first = letter.y / band, last = (letter.y + letter.height) / band;
    for (int k = first; k <= last; ++k) {
      std::vector<size_t>& open = bands[k];
      std::erase_if(open, [&](size_t j) {
        return letter.x - (letters[j].x + letters[j].width) > 3 * letter_height;
      });
      for (const size_t j : open) {
        if (AreNeighbours(letters[j], letter, letter_height)) groups.Join(i, j);
      }
      open.push_back(i);
    }
  }
  return groups;
}

PageInk Find(PixelView page) {
  const cv::Mat colour(page.height, page.width, CV_8UC3, const_cast<uint8_t*>(page.data));  // only read
  cv::Mat grey;
  cv::cvtColor(colour, grey, cv::COLOR_RGB2GRAY);
  const double shrunk = std::min(1.0, static_cast<double>(kLongestSide) / std::max(page.width, page.height));
  if (shrunk < 1) cv::resize(grey, grey, {}, shrunk, shrunk, cv::INTER_AREA);

  std::vector<cv::Rect> letters = Pieces(Edges(grey));
  const double letter_height = LetterHeight(letters);
  std::erase_if(letters, [&](const cv::Rect& piece) { return !IsLetter(piece, letter_height); });
  if (letter_height == 0 || letters.size() > kMostLetters) return {};
  std::sort(letters.begin(), letters.end(),
            [](const cv::Rect& a, const cv::Rect& b) { return a.x < b.x; });
  Groups groups = JoinNeighbours(letters, letter_height);
  std::unordered_map<size_t, cv::Rect> lines;
  for (size_t i = 0; i < letters.size(); ++i) {
    const auto [line, first] = lines.try_emplace(groups.Find(i), letters[i]);
    if (!first) line->second |= letters[i];
  }
  PageInk ink{.letter_height = letter_height / shrunk};
  for (const auto& [unused, line] : lines) {
    if (line.height < kLowestLine * letter_height) continue;
    ink.lines.push_back({line.x / shrunk, line.y / shrunk, (line.x + line.width) / shrunk,
                         (line.y + line.height) / shrunk});
  }
  std::sort(ink.lines.begin(), ink.lines.end(), [](const PixelBox& a, const PixelBox& b) {
    return std::pair(a.top, a.left) < std::pair(b.top, b.left);
  });
  return ink;
}

}  // namespace

PageInk FindInk(PixelView page) {
  [[maybe_unused]] static const bool one_thread = (cv::setNumThreads(1), true);
  try {
    return Find(page);
  } catch (const cv::Exception&) {  // no memory: the boxes stay where the model puts them
    return {};
  }
}

}  // namespace quire::worker
