#include "worker/render/font_files.h"

#include <fontconfig/fontconfig.h>

#include <cstdlib>
#include <memory>
#include <set>

namespace quire::render {

std::vector<std::string> FontFiles() {
  std::set<std::string> files;  // a file may hold several fonts
  const FcFontSet* const fonts = FcConfigGetFonts(nullptr, FcSetSystem);
  for (int i = 0; fonts != nullptr && i < fonts->nfont; ++i) {
    FcChar8* path = nullptr;
    if (FcPatternGetString(fonts->fonts[i], FC_FILE, 0, &path) != FcResultMatch) continue;
    const std::unique_ptr<char, decltype(&std::free)> real(
        realpath(reinterpret_cast<const char*>(path), nullptr), &std::free);
    if (real != nullptr) files.emplace(real.get());
  }
  return {files.begin(), files.end()};
}

}  // namespace quire::render
