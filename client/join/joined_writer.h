#pragma once

#include <memory>

#include "client/output.h"

namespace quire::client {

// One Markdown text for the whole document; its pages come in page order. `sink` outlives it.
std::unique_ptr<DocumentWriter> MakeJoinedWriter(OutputOptions options, TextSink& sink);

}  // namespace quire::client
