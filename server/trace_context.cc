#include "server/trace_context.h"

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"

namespace quire::server {
namespace {

constexpr size_t kVersionEnd = 2, kTraceEnd = 35, kParentEnd = 52, kLength = 55;

bool IsLowerHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsZero(std::string_view text) { return text.find_first_not_of('0') == text.npos; }

// VV-TTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTT-PPPPPPPPPPPPPPPP-FF; a later version may have more behind.
bool IsValid(std::string_view given) {
  if (given.size() < kLength) return false;
  const std::string_view version = given.substr(0, kVersionEnd);
  const std::string_view trace = given.substr(kVersionEnd + 1, 32);
  const std::string_view parent = given.substr(kTraceEnd + 1, 16);
  const bool ends = version == "00" ? given.size() == kLength
                                    : given.size() == kLength || given[kLength] == '-';
  return ends && given[kVersionEnd] == '-' && given[kTraceEnd] == '-' &&
         given[kParentEnd] == '-' && IsLowerHex(version) && version != "ff" && IsLowerHex(trace) &&
         !IsZero(trace) && IsLowerHex(parent) && !IsZero(parent) &&
         IsLowerHex(given.substr(kParentEnd + 1, 2));
}

// 16 digits, never all zero.
std::string RandomDigits() {
  static thread_local std::mt19937_64 random{std::random_device{}()};
  return absl::StrCat(absl::Hex(random() | 1, absl::kZeroPad16));
}

}  // namespace

std::string ContinueTrace(std::string_view given) {
  const bool valid = IsValid(given);
  const std::string trace =
      valid ? std::string(given.substr(kVersionEnd + 1, 32)) : RandomDigits() + RandomDigits();
  const std::string flags = valid ? std::string(given.substr(kParentEnd + 1, 2)) : "00";
  return absl::StrCat("00-", trace, "-", RandomDigits(), "-", flags);
}

std::string ContinueTrace(const grpc::ServerContextBase& context) {
  const auto found = context.client_metadata().find("traceparent");
  if (found == context.client_metadata().end()) return ContinueTrace("");
  return ContinueTrace(std::string_view(found->second.data(), found->second.size()));
}

}  // namespace quire::server
