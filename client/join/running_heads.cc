#include "client/join/running_heads.h"

#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "client/score/replace_pattern.h"

namespace quire::client {
namespace {

constexpr char kPageNumber[] =
    R"((?i)^\W*(?:page|seite|p\.|s\.)?\s*(\d{1,4})(?:\s*(?:of|von|sur|de|/)\s*\d{1,4})?\W*$)";
constexpr int kLargestLoneNumber = 999;  // larger ones are likelier years

// What stays the same from page to page: letters, in lower case.
std::string KeyOf(const std::string& text) {
  return absl::AsciiStrToLower(ReplacePattern(text, R"([^\p{L}]+)", ""));
}

// The number of a line that is nothing but a page's number.
std::optional<int> NumberOf(const std::string& text) {
  if (!MatchesPattern(text, kPageNumber)) return std::nullopt;
  int number = 0;
  if (!absl::SimpleAtoi(ReplacePattern(text, kPageNumber, "$1"), &number)) return std::nullopt;
  return number;
}

bool StandsIn(const PageParts& page, PartZone zone, const std::string& key) {
  for (const PagePart& part : page.parts) {
    if (part.zone == zone && KeyOf(part.text) == key) return true;
  }
  return false;
}

bool CountsOnFrom(const PageParts& page, int number, int page_number) {
  for (const PagePart& part : page.parts) {
    if (part.zone == PartZone::kBody) continue;
    const std::optional<int> other = NumberOf(part.text);
    if (other.has_value() && number - *other == page_number - page.page_number) return true;
  }
  return false;
}

bool IsRunning(const PagePart& part, int page_number,
               const std::vector<const PageParts*>& neighbours) {
  if (part.zone == PartZone::kBody) return false;
  const std::optional<int> number = NumberOf(part.text);
  if (number.has_value() && part.has_box && *number <= kLargestLoneNumber) return true;
  const std::string key = KeyOf(part.text);
  for (const PageParts* neighbour : neighbours) {
    if (number.has_value()) {
      if (CountsOnFrom(*neighbour, *number, page_number)) return true;
      continue;
    }
    const bool counts =
        part.kind != PartKind::kHeading || neighbour->page_number < page_number;
    if (counts && !key.empty() && StandsIn(*neighbour, part.zone, key)) return true;
  }
  return false;
}

}  // namespace

void MarkRunningHeads(const std::vector<const PageParts*>& neighbours, PageParts& page) {
  for (PagePart& part : page.parts) {
    part.is_running = part.is_running || IsRunning(part, page.page_number, neighbours);
  }
}

}  // namespace quire::client
