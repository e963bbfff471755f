#include "proto/log_line.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace quire {
namespace {

// The line that this thread is writing, where it has fields: spdlog's messages carry text alone, and
// are formatted on the thread that logs.
thread_local const LogLine* current_line = nullptr;

std::string Quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// As it is, unless a reader could take it for more than one value.
std::string Plain(std::string_view text) {
  const bool simple = std::none_of(text.begin(), text.end(), [](char c) {
    return IsControl(c) || c == ' ' || c == '"' || c == '=';
  });
  return simple ? std::string(text) : Quoted(text);
}

// Text of a message, on one line.
std::string OneLine(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (IsControl(c)) {
      absl::StrAppendFormat(&line, "\\x%02x", static_cast<unsigned char>(c));
    } else {
      line += c;
    }
  }
  return line;
}

}  // namespace

// A message and its fields, for spdlog's patterns.
class LineFormatter final : public spdlog::custom_flag_formatter {
 public:
  explicit LineFormatter(bool json) : json_(json) {}
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
              spdlog::memory_buf_t& out) override {
    const std::string_view text(message.payload.data(), message.payload.size());
    std::string line = json_ ? Quoted(text) : OneLine(text);
    if (current_line != nullptr) {
      for (const LogLine::Field& field : current_line->fields_) {
        if (json_) {
          absl::StrAppend(&line, ",\"", field.name, "\":",
                          field.is_number ? field.value : Quoted(field.value));
        } else {
          absl::StrAppend(&line, " ", field.name, "=", Plain(field.value));
        }
      }
    }
    out.append(line.data(), line.data() + line.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<LineFormatter>(json_);
  }

  static void Log(spdlog::level::level_enum level, const LogLine& line) {
    current_line = &line;
    spdlog::log(level, "{}", line.text_);
    current_line = nullptr;
  }

 private:
  const bool json_;
};

void SetUpLog(const std::string& format, const std::string& program, const std::string& worker) {
  auto logger = std::make_shared<spdlog::logger>(program,
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  const bool json = format == "json";
  // A % of a worker's name is no pattern.
  const std::string name = absl::StrReplaceAll(json ? Quoted(worker) : OneLine(worker), {{"%", "%%"}});
  const std::string short_name = program.substr(program.rfind('-') + 1);
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<LineFormatter>('*', json);
  if (json) {
    formatter->set_pattern(absl::StrCat(
        R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","program":"%n",)",
        worker.empty() ? "" : absl::StrCat("\"worker\":", name, ","), R"("message":%*})"));
  } else {
    formatter->set_pattern(absl::StrCat("%H:%M:%S.%e %l ", short_name, worker.empty() ? "" : " ",
                                        name, ": %*"));
  }
  logger->set_formatter(std::move(formatter));
  spdlog::set_default_logger(std::move(logger));
  spdlog::flush_on(spdlog::level::info);
}

LogLine& LogLine::Add(std::string_view name, std::string_view value) {
  if (!value.empty()) fields_.push_back({std::string(name), std::string(value)});
  return *this;
}

LogLine& LogLine::Add(std::string_view name, double seconds) {
  fields_.push_back({std::string(name), absl::StrFormat("%.4f", seconds), true});
  return *this;
}

LogLine& LogLine::Add(std::string_view name, int64_t value) {
  fields_.push_back({std::string(name), absl::StrCat(value), true});
  return *this;
}

void LogLine::Write() { LineFormatter::Log(spdlog::level::info, *this); }
void LogLine::Warn() { LineFormatter::Log(spdlog::level::warn, *this); }

}  // namespace quire
