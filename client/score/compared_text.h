#pragma once

#include <string>
#include <string_view>

namespace quire::client {

// What of a page's Markdown, HTML or plain text is compared, as UTF-8: its words in reading order,
// one blank between two. Applied to the truth and to what was read alike, so that a program that
// writes no mark-up (tesseract) is not charged for it.
//
// Taken away: pictures, HTML tags (a cell ends a word), heading, list and quote marks, table pipes
// and rules, ** and `. Folded: HTML entities, curly quotes, dashes, ligatures, bullets, soft
// hyphens, and words that are broken over a line's end. Characters are compared as code points;
// nothing is composed.
std::string ComparedText(std::string_view markdown);

// A page's or block's Markdown without its mark-up, blanks between words made one: what
// ComparedText() takes away is, nothing is folded but entities.
std::string WithoutMarkup(std::string_view markdown);

// Letters, digits and underscores of ComparedText alone: what OmniDocBench calls clean_string and
// compares (its utils/data_preprocess.py).
std::string CleanString(const std::string& compared);

}  // namespace quire::client
