#include "worker/engine/readable_parts.h"

namespace quire::worker {

ReadableParts KeepReadable(std::span<const WrittenToken> tokens, double unsure) {
  ReadableParts readable;
  size_t text_tokens = 0, kept_tokens = 0;
  for (size_t begin = 0; begin < tokens.size();) {
    std::string paragraph;
    double sum = 0;
    size_t counted = 0, end = begin;
    size_t searched = 0;  // linear: only what a token may have completed is looked at
    while (end < tokens.size() && paragraph.find("\n\n", searched) == std::string::npos) {
      const WrittenToken& token = tokens[end++];
      searched = paragraph.empty() ? 0 : paragraph.size() - 1;
      paragraph += token.bytes;
      sum += token.in_text ? token.log_probability : 0;
      counted += token.in_text;
    }
    text_tokens += counted;
    if (counted > 0 && -sum <= unsure * static_cast<double>(counted)) {
      readable.raw += paragraph;
      kept_tokens += counted;
    }
    begin = end;
  }
  if (text_tokens > 0) readable.share = static_cast<double>(kept_tokens) / static_cast<double>(text_tokens);
  return readable;
}

}  // namespace quire::worker
