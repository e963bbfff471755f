#include "worker/text/layout_tags.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace quire::worker {
namespace {

constexpr std::array<std::string_view, 4> kMarks = {"<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>"};
enum MarkKind { kRef, kRefEnd, kDet, kDetEnd, kOutputEnd };

constexpr std::string_view kSpaces = " \t\r\n";
constexpr std::string_view kBoxCharacters = " \t\r\n[],.-0123456789";

struct Mark {
  MarkKind kind;
  size_t begin;
  size_t end;
};

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) + 1 - first);
}

// The output without the beginning of a mark at its end: "<|" and some letters of it.
std::string_view WithoutCutMark(std::string_view raw) {
  const size_t start = raw.rfind("<|");
  if (start == std::string_view::npos) return raw;
  const std::string_view tail = raw.substr(start);
  const bool cut = tail.size() > 2 && std::any_of(kMarks.begin(), kMarks.end(), [&](auto mark) {
                     return tail.size() < mark.size() && mark.starts_with(tail);
                   });
  return cut ? raw.substr(0, start) : raw;
}

// All marks in order, and kOutputEnd three times, so that a tag may be looked for at each.
std::vector<Mark> FindMarks(std::string_view raw) {
  std::vector<Mark> marks;
  size_t at = 0;
  while ((at = raw.find("<|", at)) != std::string_view::npos) {
    const std::string_view rest = raw.substr(at);
    const auto mark = std::find_if(kMarks.begin(), kMarks.end(),
                                   [&](std::string_view text) { return rest.starts_with(text); });
    if (mark == kMarks.end()) {
      at += 2;
      continue;
    }
    marks.push_back({static_cast<MarkKind>(mark - kMarks.begin()), at, at + mark->size()});
    at += mark->size();
  }
  marks.insert(marks.end(), 3, Mark{kOutputEnd, raw.size(), raw.size()});
  return marks;
}

// Walks the marks of one output; `done_` is how much of it has become parts.
class Cutter {
 public:
  explicit Cutter(std::string_view raw) : raw_(raw), marks_(FindMarks(raw)) {}

  std::vector<LayoutPart> Cut() && {
    for (size_t i = 0; marks_[i].kind != kOutputEnd;) {
      AddText(done_, marks_[i].begin);
      done_ = marks_[i].end;
      i += marks_[i].kind == kRef ? TakeRef(&marks_[i]) : TakeStray(&marks_[i]);
    }
    AddText(done_, raw_.size());
    return std::move(parts_);
  }

 private:
  std::string_view Between(const Mark& before, const Mark& after) const {
    return raw_.substr(before.end, after.begin - before.end);
  }

  void AddText(size_t begin, size_t end) {
    if (begin < end) parts_.push_back({.text = raw_.substr(begin, end - begin)});
  }

  // From a <|ref|>: says how many marks it took. The last mark is followed by three ends.
  size_t TakeRef(const Mark* mark) {
    const Mark& close = mark[1];
    if (close.kind == kOutputEnd) {
      const std::string_view label = Trim(Between(*mark, close));
      if (label.find('\n') == std::string_view::npos) done_ = raw_.size();
      return 1;
    }
    if (close.kind != kRefEnd) return 1;
    const std::string_view label = Trim(Between(*mark, close));
    const Mark& det = mark[2];
    const bool has_det = det.kind == kDet && Trim(Between(close, det)).empty();
    if (!has_det) return TakeLabelOnly(label, close, det);
    const Mark& det_end = mark[3];
    if (det_end.kind == kOutputEnd && HoldsBoxesOnly(det, det_end)) {
      done_ = raw_.size();
      return 3;
    }
    done_ = det.end;
    if (det_end.kind == kDetEnd) {
      parts_.push_back({true, label, ParseBoxList(Between(det, det_end))});
      done_ = det_end.end;
      return 4;
    }
    parts_.push_back({.is_tag = true, .text = label});
    if (HoldsBoxesOnly(det, det_end)) done_ = det_end.begin;
    return 3;
  }

  // <|ref|>LABEL<|/ref|> that no <|det|> follows.
  size_t TakeLabelOnly(std::string_view label, const Mark& close, const Mark& next) {
    const bool known = IsKnownLabel(label);
    const bool cut_off = next.kind == kOutputEnd && Trim(Between(close, next)).empty();
    if (!known || !cut_off) parts_.push_back({.is_tag = known, .text = label});
    done_ = close.end;
    return 2;
  }

  // A mark that opens no tag.
  size_t TakeStray(const Mark* mark) {
    if (mark->kind == kDet && HoldsBoxesOnly(mark[0], mark[1])) done_ = mark[1].begin;
    return 1;
  }

  bool HoldsBoxesOnly(const Mark& before, const Mark& after) const {
    return Between(before, after).find_first_not_of(kBoxCharacters) == std::string_view::npos;
  }

  std::string_view raw_;
  std::vector<Mark> marks_;
  std::vector<LayoutPart> parts_;
  size_t done_ = 0;
};

}  // namespace

bool IsKnownLabel(std::string_view label) {
  static constexpr std::array<std::string_view, 15> kLabels = {
      "title",  "sub_title",      "text",     "image",          "image_caption",
      "table",  "table_caption",  "equation", "table_footnote", "figure",
      "header", "figure_caption", "footer",   "page_number",    "paragraph"};
  return std::find(kLabels.begin(), kLabels.end(), label) != kLabels.end();
}

std::vector<LayoutPart> CutLayout(std::string_view raw) {
  return Cutter(WithoutCutMark(raw)).Cut();
}

}  // namespace quire::worker
