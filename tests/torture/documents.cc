#include "tests/torture/documents.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/support/pdf_maker.h"

namespace quire {
namespace {

constexpr size_t kMostRanges = 400;
constexpr int kNanoTokens = 24;
constexpr const char* kWords[kNanoCodes] = {"north", "letter", "winter", "garden", "paper", "seven",
                                            "bridge", "market", "number", "yellow", "island", "doctor"};

}  // namespace

int CodeOf(int first_code, int page, int codes) { return (first_code + page - 1) % codes + 1; }

std::string PlainDocument(int first_code, int pages, int padding) {
  std::vector<MadePage> made(pages);
  for (int page = 1; page <= pages; ++page) {
    made[page - 1].code = CodeOf(first_code, page, kCodes);
  }
  made[0].padding_bytes = padding;
  return MakePdf(made);
}

std::string NanoDocument(int first_code, int pages) {
  std::vector<MadePage> made(pages);
  for (int page = 1; page <= pages; ++page) {
    const int code = CodeOf(first_code, page, kNanoCodes);
    made[page - 1].text = absl::StrCat("The ", kWords[code - 1], " is here.");
    made[page - 1].width_pt = 320;
  }
  return MakePdf(made);
}

void AskNano(v1::RecognizeOptions& options) {
  options.set_task(v1::TASK_FREE_TEXT);
  options.set_mode(v1::MODE_BASE);
  options.set_max_tokens_per_page(kNanoTokens);
}

std::string Ranges(const std::vector<int>& pages) {
  std::vector<std::string> ranges;
  for (size_t begin = 0, end = 0; begin < pages.size() && ranges.size() < kMostRanges; begin = end) {
    for (end = begin + 1; end < pages.size() && pages[end] == pages[end - 1] + 1;) ++end;
    ranges.push_back(absl::StrCat(pages[begin], "-", pages[end - 1]));
  }
  return absl::StrJoin(ranges, ",");
}

}  // namespace quire
