#pragma once

#include <memory>

#include "client/output.h"

namespace quire::client {

// A searchable PDF: each page's image as JPEG, over the words of its blocks at their places, which
// can be found, marked and copied and are not seen. Models give boxes for blocks; lines within one
// are laid out to fill it. A page that failed is a sheet that says so. Needs page images; pages
// come in page order, and each is in the file before the next.
std::unique_ptr<DocumentWriter> MakePdfWriter(OutputOptions options, TextSink& sink);

}  // namespace quire::client
