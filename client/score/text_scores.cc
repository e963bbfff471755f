#include "client/score/text_scores.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "client/score/compared_text.h"
#include "proto/text_distance/code_points.h"
#include "proto/text_distance/edit_distance.h"

namespace quire::client {
namespace {

// Pieces of `text`.
std::vector<std::string_view> WordsOf(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return words;
    const size_t end = std::min(text.find(' ', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    text.remove_prefix(end);
  }
}

std::map<std::string, int> CountWords(const std::string& text) {
  constexpr std::string_view kMarks = ".,;:!?\"'()[]{}*-_";
  std::map<std::string, int> counts;
  for (std::string_view word : WordsOf(text)) {
    const size_t begin = word.find_first_not_of(kMarks);
    if (begin == std::string_view::npos) continue;
    word = word.substr(begin, word.find_last_not_of(kMarks) + 1 - begin);
    ++counts[absl::AsciiStrToLower(std::string(word))];
  }
  return counts;
}

}  // namespace

double ErrorCount::Rate() const {
  return static_cast<double>(edits) / static_cast<double>(std::max<size_t>(length, 1));
}

ErrorCount CharacterErrors(const std::string& truth, const std::string& read) {
  const std::u32string points = ToCodePoints(truth);
  return {EditDistance(points, ToCodePoints(read)), points.size()};
}

ErrorCount WordErrors(const std::string& truth, const std::string& read) {
  std::map<std::string_view, char32_t> numbers;
  const auto numbered = [&](const std::string& text) {
    std::u32string words;
    for (const std::string_view word : WordsOf(text)) {
      words += numbers.emplace(word, static_cast<char32_t>(numbers.size())).first->second;
    }
    return words;
  };
  const std::u32string words = numbered(truth);
  return {EditDistance(words, numbered(read)), words.size()};
}

ErrorCount NormalisedEdits(const std::string& truth, const std::string& read) {
  const std::u32string a = ToCodePoints(CleanString(truth));
  const std::u32string b = ToCodePoints(CleanString(read));
  return {EditDistance(a, b), std::max(a.size(), b.size())};
}

double BagOfWordsF1(const std::string& truth, const std::string& read) {
  const std::map<std::string, int> expected = CountWords(truth);
  const std::map<std::string, int> found = CountWords(read);
  int shared = 0;
  int all = 0;
  for (const auto& [word, count] : expected) {
    const auto same = found.find(word);
    if (same != found.end()) shared += std::min(count, same->second);
    all += count;
  }
  for (const auto& [word, count] : found) all += count;
  return all == 0 ? 1 : 2.0 * shared / all;
}

}  // namespace quire::client
