#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/generated_enum_reflection.h"

namespace quire::client {

// The word that users see for an enum's value: TASK_FREE_TEXT is "free-text". "unknown" for a
// number that this program does not know.
std::string NameOfNumber(const google::protobuf::EnumDescriptor& type, int number);

// The other way round; nothing for an unknown word. "unspecified" is unknown.
std::optional<int> NumberOfName(const google::protobuf::EnumDescriptor& type,
                                std::string_view name);

template <typename Enum>
std::string NameOf(Enum value) {
  return NameOfNumber(*google::protobuf::GetEnumDescriptor<Enum>(), static_cast<int>(value));
}

template <typename Enum>
std::optional<Enum> Named(std::string_view name) {
  const auto number = NumberOfName(*google::protobuf::GetEnumDescriptor<Enum>(), name);
  if (!number.has_value()) return std::nullopt;
  return static_cast<Enum>(*number);
}

}  // namespace quire::client
