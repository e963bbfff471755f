#pragma once

#include <string>
#include <string_view>

namespace quire::worker {

// Turns a stream of bytes into complete UTF-8: holds back an unfinished character (at most 3 bytes)
// until its rest comes, and puts one U+FFFD for each maximal ill-formed part.
class Utf8Stream {
 public:
  // The text that is complete now.
  std::string Append(std::string_view bytes);
  // What is left: empty, or one U+FFFD for an unfinished character. The stream is empty after.
  std::string Finish();

 private:
  std::string pending_;
};

}  // namespace quire::worker
