#include "worker/text/box_list.h"

#include <algorithm>
#include <optional>

namespace quire::worker {
namespace {

constexpr double kLargest = 999;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Reads a text from its start; what it takes is gone from `rest`.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) { SkipSpaces(); }

  bool AtEnd() const { return rest_.empty(); }

  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    SkipSpaces();
    return true;
  }

  std::optional<double> TakeNumber() {
    const bool negative = TakeSign();
    if (rest_.empty() || !IsDigit(rest_.front())) return std::nullopt;
    double value = 0;
    for (; !rest_.empty() && IsDigit(rest_.front()); rest_.remove_prefix(1)) {
      value = std::min(value * 10 + (rest_.front() - '0'), 1e6);
    }
    if (rest_.size() > 1 && rest_[0] == '.' && IsDigit(rest_[1])) {
      rest_.remove_prefix(1);
      double place = 0.1;
      for (; !rest_.empty() && IsDigit(rest_.front()); rest_.remove_prefix(1), place /= 10) {
        value += place * (rest_.front() - '0');
      }
    }
    SkipSpaces();
    return std::clamp(negative ? -value : value, 0.0, kLargest);
  }

 private:
  bool TakeSign() {
    if (rest_.empty() || rest_.front() != '-') return false;
    rest_.remove_prefix(1);
    return true;
  }

  void SkipSpaces() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
  }

  std::string_view rest_;
};

std::optional<ModelBox> TakeBox(Reader& reader) {
  ModelBox box;
  if (!reader.Take('[')) return std::nullopt;
  for (double* side : {&box.left, &box.top, &box.right, &box.bottom}) {
    if (side != &box.left && !reader.Take(',')) return std::nullopt;
    const std::optional<double> number = reader.TakeNumber();
    if (!number.has_value()) return std::nullopt;
    *side = *number;
  }
  if (!reader.Take(']')) return std::nullopt;
  return box;
}

}  // namespace

std::vector<ModelBox> ParseBoxList(std::string_view text) {
  Reader reader(text);
  std::vector<ModelBox> boxes;
  if (!reader.Take('[')) return {};
  do {
    const std::optional<ModelBox> box = TakeBox(reader);
    if (!box.has_value()) return {};
    boxes.push_back(*box);
  } while (reader.Take(','));
  if (!reader.Take(']') || !reader.AtEnd()) return {};
  return boxes;
}

}  // namespace quire::worker
