#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quire::client {

// One document to read.
struct InputFile {
  std::string path;         // as given; "-" is standard input
  std::string name;         // for people: the path, or "standard input"; any bytes
  std::string output_stem;  // file name without ending, distinct among all inputs
};

// The documents named on the command line, in order. Output names that would fall together, also
// where upper and lower case are the same, get "-2", "-3", ... in the order of the command line.
std::vector<InputFile> ListInputs(const std::vector<std::string>& paths);

}  // namespace quire::client
