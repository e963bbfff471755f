#include "client/join/document_joiner.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "client/join/running_heads.h"
#include "client/page_format.h"
#include "client/score/replace_pattern.h"

namespace quire::client {
namespace {

constexpr size_t kNeighbours = 2;        // on either side: left and right pages differ
constexpr size_t kMinUnfinishedBytes = 60;  // shorter lines end without a stop for other reasons

// A letter, and one of the signs that break a word.
constexpr char kBrokenWord[] = R"([\p{L}\p{N}](?:-|\x{2010}|\x{AD}|\x{AC})\z)";
// "Vor- und Nachteile": the hyphen stands for a part of the word.
constexpr char kSharedPart[] = R"(\A(?:und|oder|bzw\.|and|or|et|ou)\b)";
constexpr char kEndOfSentence[] = R"([.!?:;\x{2026}\x{3002}\x{FF01}\x{FF1F}][\p{Pe}\p{Pf}"'*_]*\z)";
constexpr char kListItem[] = R"(\A(?:[-*+\x{2022}]|\d+[.)])\s)";

// Without the hyphen where it only breaks the word.
std::string BeginOfWord(const std::string& first, const std::string& second) {
  const bool soft = MatchesPattern(first, R"([\x{AD}\x{AC}]\z)");
  if (!soft && !MatchesPattern(second, R"(\A\p{Ll})")) return first;
  return ReplacePattern(first, R"((?:-|\x{2010}|\x{AD}|\x{AC})\z)", "");
}

std::string PageMark(int page_number, const std::vector<std::string>& notes) {
  const std::string line =
      PageHeading(page_number, OutputFormat::kDocument, absl::StrJoin(notes, ", "));
  return std::string(absl::StripSuffix(line, "\n"));
}

// Takes the running heads and feet out.
//   returns  what the page's mark says of them; empty when there are none
std::string TakeRunningHeads(std::vector<PagePart>& parts) {
  std::vector<std::string> texts;
  std::vector<PagePart> kept;
  for (PagePart& part : parts) {
    if (part.is_running) {
      texts.push_back(std::move(part.text));
    } else {
      kept.push_back(std::move(part));
    }
  }
  parts = std::move(kept);
  return texts.empty() ? "" : absl::StrCat("left out: ", absl::StrJoin(texts, " | "));
}

}  // namespace

std::optional<JoinedParagraph> JoinParagraph(std::string_view first_half,
                                             std::string_view second_half) {
  const std::string first(first_half);
  const std::string second(second_half);
  if (MatchesPattern(first, kBrokenWord) && MatchesPattern(second, R"(\A[\p{L}\p{N}])")) {
    if (MatchesPattern(second, kSharedPart)) return JoinedParagraph{.before = first, .after = second};
    const size_t word = std::min(second.find_first_of(" \t\r\n"), second.size());
    return JoinedParagraph{
        .joined_word = true,
        .before = absl::StrCat(BeginOfWord(first, second), second.substr(0, word)),
        .after = std::string(absl::StripLeadingAsciiWhitespace(second.substr(word)))};
  }
  if (MatchesPattern(first, kEndOfSentence)) return std::nullopt;
  const bool goes_on = MatchesPattern(second, R"(\A[\p{Pi}\p{Ps}"']*\p{Ll})");
  const bool unfinished = first.size() >= kMinUnfinishedBytes &&
                          !MatchesPattern(first, kListItem) &&
                          MatchesPattern(first, R"([\p{L}\p{N},]\z)") &&
                          MatchesPattern(second, R"(\A[\p{Pi}\p{Ps}"']*\p{L})");
  if (!goes_on && !unfinished) return std::nullopt;
  return JoinedParagraph{.before = first, .after = second};
}

std::string DocumentJoiner::Add(const v1::PageResult& page) {
  return Take({.page = CutPage(page)});
}

std::string DocumentJoiner::AddFailed(int page_number, std::string_view reason) {
  return Take({.page = {.page_number = page_number},
               .failure = absl::StrCat("not read: ", std::string(reason))});
}

std::string DocumentJoiner::Finish() {
  while (settled_ < pages_.size()) Settle(settled_);
  ReleaseHeld();
  return std::exchange(out_, "");
}

std::string DocumentJoiner::Take(Waiting waiting) {
  pages_.push_back(std::move(waiting));
  if (pages_.size() > settled_ + kNeighbours) Settle(settled_);
  while (settled_ > kNeighbours) {
    pages_.pop_front();
    --settled_;
  }
  return std::exchange(out_, "");
}

void DocumentJoiner::Settle(size_t index) {
  ++settled_;
  Waiting& waiting = pages_[index];
  if (!waiting.failure.empty()) return WriteFailed(waiting);
  std::vector<const PageParts*> neighbours;
  const size_t begin = index - std::min(index, kNeighbours);
  const size_t end = std::min(index + kNeighbours + 1, pages_.size());
  for (size_t i = begin; i < end; ++i) {
    if (i != index) neighbours.push_back(&pages_[i].page);
  }
  MarkRunningHeads(neighbours, waiting.page);
  WritePage(waiting.page);
}

void DocumentJoiner::WriteFailed(const Waiting& waiting) {
  ReleaseHeld();
  Write(PageMark(waiting.page.page_number, {waiting.failure}));
}

void DocumentJoiner::WritePage(const PageParts& page) {
  std::vector<PagePart> parts = page.parts;
  std::string left_out = TakeRunningHeads(parts);
  if (!page.is_whole) {
    absl::StrAppend(&left_out, left_out.empty() ? "" : ", ",
                    page.is_readable ? "cut off before its end" : UnreadableNote(!page.parts.empty()));
  }
  if (!JoinToHeld(page, left_out, parts)) {
    const std::string mark =
        PageMark(page.page_number, left_out.empty() ? std::vector<std::string>{}
                                                    : std::vector<std::string>{left_out});
    // Text may go on after a page that is a picture, or empty.
    const bool only_asides = std::all_of(parts.begin(), parts.end(), [](const PagePart& part) {
      return part.kind == PartKind::kAside;
    });
    if (!held_.empty() && only_asides && page.is_whole) {
      held_.push_back(mark);
      for (PagePart& part : parts) held_.push_back(std::move(part.text));
      held_page_ = page.page_number;
      return;
    }
    ReleaseHeld();
    Write(mark);
  }
  WriteParts(std::move(parts), page.is_whole);
  held_page_ = page.page_number;
}

bool DocumentJoiner::JoinToHeld(const PageParts& page, const std::string& left_out,
                                std::vector<PagePart>& parts) {
  if (held_.empty() || held_page_ + 1 != page.page_number) return false;
  const auto paragraph = std::find_if(parts.begin(), parts.end(), [](const PagePart& part) {
    return part.kind != PartKind::kAside;
  });
  if (paragraph == parts.end() || paragraph->kind != PartKind::kParagraph) return false;
  const auto joined = JoinParagraph(held_[0], paragraph->text);
  if (!joined.has_value()) return false;
  std::vector<std::string> notes = {joined->joined_word ? "word joined" : "paragraph joined"};
  if (!left_out.empty()) notes.push_back(left_out);
  held_[0] = absl::StrCat(joined->before, PageMark(page.page_number, notes),
                          joined->after.empty() ? "" : " ", joined->after);
  parts.erase(paragraph);
  return true;
}

void DocumentJoiner::WriteParts(std::vector<PagePart> parts, bool may_go_on) {
  const auto last = std::find_if(parts.rbegin(), parts.rend(), [](const PagePart& part) {
    return part.kind != PartKind::kAside;
  });
  const bool goes_on_held = last == parts.rend() && !held_.empty();
  if (!goes_on_held) ReleaseHeld();
  auto hold_from = parts.end();
  if (goes_on_held) {
    hold_from = parts.begin();
  } else if (may_go_on && last != parts.rend() && last->kind == PartKind::kParagraph) {
    hold_from = std::prev(last.base());
  }
  for (auto part = parts.begin(); part != hold_from; ++part) Write(part->text);
  for (auto part = hold_from; part != parts.end(); ++part) held_.push_back(std::move(part->text));
  if (!may_go_on) ReleaseHeld();
}

void DocumentJoiner::Write(std::string_view paragraph) {
  out_.append(paragraph).append("\n\n");
}

void DocumentJoiner::ReleaseHeld() {
  for (const std::string& paragraph : held_) Write(paragraph);
  held_.clear();
}

}  // namespace quire::client
