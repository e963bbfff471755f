#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "worker/render/document.h"

namespace quire::render {

// A PDF, drawn with poppler: the crop box, turned by the page's /Rotate, on white. `bytes` must
// outlive it.
//
// InvalidArgument: PDF_DAMAGED (poppler finds no document, or no page in it), TOO_MANY_PAGES.
// FailedPrecondition: PDF_ENCRYPTED (a password is needed), PDF_WRONG_PASSWORD. Draw() adds
// InvalidArgument: PAGE_DAMAGED, PAGE_TOO_LARGE (told before anything is drawn); ResourceExhausted:
// RENDER_MEMORY.
absl::StatusOr<std::unique_ptr<Document>> OpenPdf(Bytes bytes, const std::string& password,
                                                  const DocumentLimits& limits);

// Makes poppler quiet and has it load what it will need: fonts' configuration, character sets. Before
// the sandbox is entered.
void WarmUpPdf();

}  // namespace quire::render
