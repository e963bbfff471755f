#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/join/page_parts.h"
#include "quire/v1/ocr.pb.h"

namespace quire::client {

// The paragraph that begins on one page and ends on the next, where `first` and `second` are its
// two halves: a word that was broken is one again, else a blank stands between them. Nothing where
// the second half begins a paragraph of its own.
struct JoinedParagraph {
  bool joined_word = false;
  std::string before;  // up to the end of a joined word, else the first half
  std::string after;   // the rest
};
std::optional<JoinedParagraph> JoinParagraph(std::string_view first, std::string_view second);

// Makes one Markdown text of a document's pages, in page order: without running heads and page
// numbers, with words and paragraphs joined over page ends. A comment, "<!-- page 3, paragraph
// joined, left out: ... -->", stands where each page begins and says what was done there. Holds the
// text of three pages and of the paragraph that is not at its end, no more. One thread at a time.
//
//   DocumentJoiner joiner;
//   for (page) write(joiner.Add(page));
//   write(joiner.Finish());
class DocumentJoiner {
 public:
  // Each returns the text that is now settled.
  std::string Add(const v1::PageResult& page);
  std::string AddFailed(int page_number, std::string_view reason);
  std::string Finish();

 private:
  // A page that waits for those after it.
  struct Waiting {
    PageParts page;
    std::string failure;  // why it was not read
  };

  std::string Take(Waiting waiting);
  void Settle(size_t index);
  void WriteFailed(const Waiting& waiting);
  void WritePage(const PageParts& page);
  // Joins the page's first paragraph to the held one; false when it begins one of its own.
  bool JoinToHeld(const PageParts& page, const std::string& left_out,
                  std::vector<PagePart>& parts);
  // Writes all but what may go on over the end of the page, which is held.
  void WriteParts(std::vector<PagePart> parts, bool may_go_on);
  void Write(std::string_view paragraph);
  void ReleaseHeld();

  std::deque<Waiting> pages_;  // two that are settled, then those that wait
  size_t settled_ = 0;         // of pages_
  std::vector<std::string> held_;  // a paragraph, and asides after it
  int held_page_ = 0;          // the page that it ends on
  std::string out_;
};

}  // namespace quire::client
