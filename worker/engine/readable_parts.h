#pragma once

#include <span>
#include <string>

namespace quire::worker {

// A token that a model wrote.
struct WrittenToken {
  std::string bytes;
  double log_probability = 0;
  bool in_text = true;  // outside of layout tags
};

// What of an unreadable page can be read all the same, as the print around a picture of a screen.
struct ReadableParts {
  std::string raw;   // the paragraphs whose mean log-probability is above -`unsure`, tags included
  double share = 0;  // of the text's tokens, that these hold
};

// Paragraphs end where a line is empty; those without text go with nobody.
ReadableParts KeepReadable(std::span<const WrittenToken> tokens, double unsure);

}  // namespace quire::worker
