#include "client/names.h"

#include <algorithm>
#include <cctype>

namespace quire::client {
namespace {

// The zero value is called PREFIX_UNSPECIFIED in every enum of the API.
size_t PrefixLength(const google::protobuf::EnumDescriptor& type) {
  const size_t at = type.value(0)->name().rfind("UNSPECIFIED");
  return at == std::string::npos ? 0 : at;
}

}  // namespace

std::string NameOfNumber(const google::protobuf::EnumDescriptor& type, int number) {
  const auto* value = type.FindValueByNumber(number);
  if (value == nullptr) return "unknown";
  std::string name = value->name().substr(PrefixLength(type));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return c == '_' ? '-' : static_cast<char>(std::tolower(c));
  });
  return name;
}

std::optional<int> NumberOfName(const google::protobuf::EnumDescriptor& type,
                                std::string_view name) {
  for (int i = 1; i < type.value_count(); ++i) {
    const int number = type.value(i)->number();
    if (NameOfNumber(type, number) == name) return number;
  }
  return std::nullopt;
}

}  // namespace quire::client
