#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quire {

// Sends the program's log to stderr, as lines of text ("plain") or of JSON ("json"). Before any other
// thread starts.
//   program  name in every line: "quire-server"
//   worker   id in every line, or empty
void SetUpLog(const std::string& format, const std::string& program, const std::string& worker);

// One line with named fields: `text name=value ...`, or members of the JSON object. Control characters
// of text and values are escaped, so that a line stays one line.
//
//   LogLine("page read").Add("page", 3).Add("seconds", 0.25).Write();
class LogLine {
 public:
  explicit LogLine(std::string text) : text_(std::move(text)) {}
  // An empty value is left out.
  LogLine& Add(std::string_view name, std::string_view value);
  LogLine& Add(std::string_view name, double seconds);  // to the tenth of a millisecond
  LogLine& Add(std::string_view name, int64_t value);
  LogLine& Add(std::string_view name, int value) { return Add(name, static_cast<int64_t>(value)); }
  void Write();  // as information
  void Warn();

 private:
  struct Field {
    std::string name;
    std::string value;
    bool is_number = false;
  };
  friend class LineFormatter;
  std::string text_;
  std::vector<Field> fields_;
};

}  // namespace quire
