#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quire::worker {

// A byte-level vocabulary writes each byte as one printable character: most of Latin-1 as itself,
// the other 68 bytes as U+0100 and up. Source: GPT-2 encoder.py, bytes_to_unicode.

// The character that stands for a byte, in UTF-8.
std::string_view CharacterOfByte(uint8_t byte);

// The bytes that a token of such a vocabulary stands for; nullopt where it holds another character.
std::optional<std::string> BytesOfToken(std::string_view token);

}  // namespace quire::worker
