#pragma once

#include <string>
#include <vector>

#include "quire/v1/ocr.pb.h"

namespace quire {

inline constexpr int kCodes = 600;     // pages that look different
inline constexpr int kNanoCodes = 12;  // the same of those that nano reads
inline constexpr char kNano[] = "nano";

// What documents are made of: pages whose codes are first_code, first_code + 1, ... and then from 1 on.
int CodeOf(int first_code, int page, int codes);

// A PDF that a worker without letters tells apart.
//   padding  bytes of it that draw nothing
std::string PlainDocument(int first_code, int pages, int padding = 0);
// A PDF of a line of text a page.
std::string NanoDocument(int first_code, int pages);

// For such a document: a short answer, without layout.
void AskNano(v1::RecognizeOptions& options);

// "1-3,7" of ascending numbers; as many as a request may name, the rest is asked for later.
std::string Ranges(const std::vector<int>& pages);

}  // namespace quire
